/**
 * The page's whole story in a real browser, against a running system: open an account, top it up, order, see the order
 * paid and the balance fall by exactly the amount; order too much and see why it was cancelled.
 *
 *     PAGE_URL=http://localhost:3000 npm run e2e
 *
 * CHROMIUM names the browser (default /usr/bin/chromium); SCREENSHOTS a folder for pictures, wide and phone, light and
 * dark. Each run is a user of its own, so it needs no clean system and runs beside others. It waits for what the page
 * shows and never for time to pass.
 */

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { chromium } from "playwright-core";

const pageUrl = process.env.PAGE_URL ?? "http://localhost:3000";
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const screenshots = process.env.SCREENSHOTS;

/** How long anything on the page may take to happen, a payment included. */
const PATIENCE_MS = 15_000;
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const WIDE = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 844 };
const NARROWEST = { width: 360, height: 740 };

void test("A user opens an account, tops it up, orders and watches what becomes of the orders", async (t) => {
  const browser = await chromium.launch({ executablePath, args: FLAGS, headless: true });
  t.after(() => browser.close());
  const context = await browser.newContext({ viewport: WIDE, locale: "en-GB" });
  context.setDefaultTimeout(PATIENCE_MS);
  const troubles = watchForTrouble(context);
  const page = await context.newPage();

  let hasFailed = false;
  /**
   * One step of the story; those after a failed one are skipped.
   * @param {string} name
   * @param {() => Promise<void>} run
   */
  const step = (name, run) =>
    t.test(name, async (subtest) => {
      if (hasFailed) {
        subtest.skip("an earlier step failed");
        return;
      }
      hasFailed = true;
      await run().catch(async (/** @type {unknown} */ error) => {
        await picture("failed");
        throw error;
      });
      hasFailed = false;
    });

  /** @param {string} name */
  const picture = async (name) => {
    if (screenshots === undefined) return;
    await mkdir(screenshots, { recursive: true });
    await page.screenshot({ path: join(screenshots, `${name}.png`), animations: "disabled" });
  };

  const balance = page.getByTestId("balance");
  const orders = page.getByRole("region", { name: "Orders" }).getByRole("listitem");
  const chosen = page.getByRole("region", { name: "Order", exact: true });
  const topUp = page.getByRole("form", { name: "Top up" });
  const newOrder = page.getByRole("form", { name: "New order" });
  let userId = "";

  /** @param {string} description @param {string} amount */
  const order = async (description, amount) => {
    await newOrder.getByLabel("Description").fill(description);
    await newOrder.getByRole("textbox", { name: "Amount" }).fill(amount);
    await newOrder.getByRole("button", { name: "Place order" }).click();
  };

  await step("a first visit asks who is there, and refuses what is no UUID", async () => {
    await page.goto(pageUrl);
    const input = page.getByLabel("User id");
    await input.fill("me");
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByText("A user id is a UUID").waitFor();
    await picture("welcome-wide");
  });

  await step("a user id is made up", async () => {
    await page.getByRole("button", { name: "Make one up" }).click();
    userId = await page.getByLabel("User id").inputValue();
    assert.match(userId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByText("No account yet").waitFor();
    await page.getByText("No orders yet").waitFor();
    await picture("empty-wide");
  });

  await step("an account is opened, and no second one is offered", async () => {
    const elsewhere = await context.newPage();
    await elsewhere.goto(pageUrl);
    const openElsewhere = elsewhere.getByRole("button", { name: "Open account" });
    await openElsewhere.waitFor();

    await page.getByRole("button", { name: "Open account" }).click();
    await shows(balance, "0,00 ₽");
    assert.equal(await page.getByRole("button", { name: "Open account" }).count(), 0);

    // A page that has not heard of it yet still offers it: asking again leads to the same account.
    await openElsewhere.click();
    await shows(elsewhere.getByTestId("balance"), "0,00 ₽");
    await elsewhere.close();
  });

  await step("a bad amount is refused with a message and changes nothing", async () => {
    for (const [amount, message] of [
      ["", "Enter an amount"],
      ["a lot", "Enter an amount"],
      ["0", "must be more than zero"],
      ["-5", "must be more than zero"],
      ["1,005", "two digits at most"],
      ["10000000000,01", "The most at once"],
    ]) {
      await topUp.getByRole("textbox", { name: "Amount" }).fill(String(amount));
      await topUp.getByRole("button", { name: "Top up" }).click();
      await topUp.getByText(String(message)).waitFor();
    }
    await shows(balance, "0,00 ₽");
  });

  await step("1 000,50 ₽ are added", async () => {
    await topUp.getByRole("textbox", { name: "Amount" }).fill("1000,50");
    await topUp.getByRole("button", { name: "Top up" }).click();
    await shows(balance, "1 000,50 ₽");
    await topUp.getByText("added").waitFor();
  });

  await step("an order is paid, and the balance falls by exactly its amount", async () => {
    await order("Coffee beans, 1 kg", "250.25");
    await state(orders.first(), "FINISHED").waitFor();
    await state(chosen, "FINISHED").waitFor();
    await chosen.getByText("Paid", { exact: true }).waitFor();
    await shows(chosen.locator(".order-amount"), "250,25 ₽");
    await shows(balance, "750,25 ₽");
    await picture("paid-wide");
  });

  await step("an order beyond the balance is cancelled, says why, and costs nothing", async () => {
    await order("A grand piano", "750,26");
    await state(orders.first(), "CANCELLED").waitFor();
    await state(chosen, "CANCELLED").waitFor();
    await chosen.getByText("Not enough money on the account.").waitFor();
    await shows(balance, "750,25 ₽");
    await picture("cancelled-wide");
  });

  await step("an order for all that is left is paid", async () => {
    await order("Tea for everyone", "750,25");
    await state(orders.first(), "FINISHED").waitFor();
    await shows(balance, "0,00 ₽");
    assert.equal(await orders.count(), 3);
  });

  await step("a reload remembers the user, the orders and the one that was open", async () => {
    await orders.filter({ hasText: "grand piano" }).getByRole("button").click();
    await state(chosen, "CANCELLED").waitFor();
    await page.reload();
    await shows(balance, "0,00 ₽");
    await page.getByTitle(userId).waitFor();
    await state(chosen, "CANCELLED").waitFor();
    assert.equal(await orders.count(), 3);
    await picture("whole-wide");
    await page.emulateMedia({ colorScheme: "dark" });
    await picture("whole-wide-dark");
    await page.emulateMedia({ colorScheme: "light" });
  });

  await step("on a phone an order opens over the page, and Escape closes it", async () => {
    await page.setViewportSize(PHONE);
    const sheet = page.getByRole("dialog");
    await sheet.waitFor();
    await picture("order-phone");
    await page.keyboard.press("Escape");
    await sheet.waitFor({ state: "hidden" });
    await picture("whole-phone");
    await orders.filter({ hasText: "Coffee beans" }).getByRole("button").click();
    await state(sheet, "FINISHED").waitFor();
    await page.emulateMedia({ colorScheme: "dark" });
    await picture("order-phone-dark");
    await page.goBack();
    await sheet.waitFor({ state: "hidden" });
    await picture("whole-phone-dark");
  });

  await step("nothing needs scrolling sideways on the narrowest phone", async () => {
    await page.setViewportSize(NARROWEST);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 0, `${overflow} px too wide`);
  });

  await step("the browser had nothing to complain about", async () => {
    await context.close();
    assert.deepEqual(troubles, []);
  });
});

/**
 * Collects console errors, exceptions and failed requests. Expected, and not counted, are the 404 for a user without an
 * account, the 409 for a second one, and requests that the page itself dropped.
 * @param {import("playwright-core").BrowserContext} context
 * @returns {string[]}
 */
function watchForTrouble(context) {
  /** @type {string[]} */
  const troubles = [];
  /** @param {string} url @param {number} status */
  const isExpected = (url, status) =>
    (status === 404 && url.includes("/payments/account/")) || (status === 409 && url.includes("/payments/create/"));

  context.on("response", (response) => {
    const [url, status] = [response.url(), response.status()];
    if (status >= 400 && !isExpected(url, status)) troubles.push(`${status} for ${url}`);
  });
  context.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText;
    if (reason !== "net::ERR_ABORTED") troubles.push(`${reason} for ${request.url()}`);
  });
  context.on("console", (message) => {
    const isAboutStatus = message.text().startsWith("Failed to load resource: the server responded with a status");
    if (["error", "warning"].includes(message.type()) && !isAboutStatus) troubles.push(message.text());
  });
  context.on("weberror", (error) => troubles.push(String(error.error())));
  return troubles;
}

/**
 * Waits until an element shows exactly this text. Amounts hold no-break spaces; plain ones stand for them here.
 * @param {import("playwright-core").Locator} locator
 * @param {string} text
 */
async function shows(locator, text) {
  const pattern = new RegExp(`^${text.replace(/ /g, "\\s")}$`);
  await locator.filter({ hasText: pattern }).waitFor();
}

/**
 * The badge of an order in a given state.
 * @param {import("playwright-core").Locator} within
 * @param {"NEW" | "FINISHED" | "CANCELLED"} status
 */
function state(within, status) {
  return within.locator(`.badge[data-status="${status}"]`);
}
