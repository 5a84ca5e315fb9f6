/** Every view, in every dress: axe finds nothing, nothing needs scrolling sideways, the keyboard is enough. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  api,
  findsNothing,
  fits,
  hasBeenShipped,
  isLive,
  NARROWEST,
  pageUrl,
  PHONE,
  picture,
  row,
  visit,
  WIDE,
} from "./support.mjs";

void test("axe finds nothing on any view, in either scheme and language", async (t) => {
  const stranger = await visit(t, { isKnown: false });
  const { page, userId } = await visit(t);
  const look = async (/** @type {import("./support.mjs").Page} */ at, /** @type {string} */ view) => {
    for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
      await at.emulateMedia({ colorScheme });
      for (const [size, viewport] of Object.entries({ wide: WIDE, phone: PHONE })) {
        await at.setViewportSize(viewport);
        await findsNothing(at, `${view}, ${colorScheme}, ${size}`);
        await picture(at, `${view}-${size}-${colorScheme}`);
      }
    }
    await at.setViewportSize(NARROWEST);
    await fits(at, view);
    await at.setViewportSize(WIDE);
  };

  await stranger.page.getByRole("button", { name: "Continue" }).click();
  await look(stranger.page, "welcome");
  await page.getByText("No account yet").waitFor();
  await look(page, "empty");

  const account = await api(page, "POST", `/payments/create/${userId}`);
  await api(page, "POST", `/payments/add/${account.bill_id}`, { amount: 100_000_00 });
  for (const [amount, description] of /** @type {const} */ ([
    [123_45, "Book: The Art of Computer Programming"],
    [12_000_00, "Bicycle"],
    [1_000_000_00, "A grand piano with a bench, and a description that is much too long for the narrowest of phones"],
    [2_490_00, "Coffee beans, 1 kg"],
  ])) {
    await api(page, "POST", `/orders/create/${userId}`, { amount, description });
  }
  await row(page, "Coffee beans", "FINISHED").waitFor();
  await row(page, "A grand piano", "CANCELLED").waitFor();
  await page.getByRole("img", { name: "Balance over time" }).waitFor();
  await look(page, "shop");
  await page.getByRole("button", { name: "Русский" }).click();
  await look(page, "shop-ru");
  await page.getByRole("button", { name: "English" }).click();

  await row(page, "Coffee beans", "FINISHED").click();
  await page.locator('[data-step="SETTLED"]').waitFor();
  await look(page, "order");

  await page.goto(`${pageUrl}/ops`);
  await page.getByRole("img", { name: /Orders per second/ }).waitFor();
  await look(page, "ops");
  await page.goto(`${pageUrl}/nowhere`);
  await page.getByRole("heading", { name: "There is no such page" }).waitFor();
  await look(page, "nowhere");

  // Right after a tick, so that the next order is not shipped before it is looked at.
  const { id: before } = await api(page, "POST", `/orders/create/${userId}`, { amount: 1, description: "A needle" });
  await hasBeenShipped(page, before);
  const { id } = await api(page, "POST", `/orders/create/${userId}`, { amount: 1, description: "A pin" });
  await page.goto(`${pageUrl}/order/${id}`);
  await page.getByRole("button", { name: "Cancel order" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Keep it" }).waitFor();
  await look(page, "cancel");
});

void test("the keyboard leads to every part, and single keys can be switched off", async (t) => {
  const { page, userId } = await visit(t);
  const account = await api(page, "POST", `/payments/create/${userId}`);
  await api(page, "POST", `/payments/add/${account.bill_id}`, { amount: 1_000_00 });
  for (const description of ["First", "Second"]) {
    await api(page, "POST", `/orders/create/${userId}`, { amount: 1_00, description });
  }
  await row(page, "Second", "FINISHED").waitFor();
  const hasFocus = async (/** @type {import("./support.mjs").Locator} */ locator) => {
    await locator.and(page.locator(":focus")).waitFor();
  };

  await page.keyboard.press("Tab");
  await hasFocus(page.getByRole("link", { name: "Skip to content" }));
  await page.keyboard.press("n");
  await hasFocus(page.getByLabel("Description"));
  await page.keyboard.press("t");
  assert.equal(await page.getByLabel("Description").inputValue(), "t");

  await page.getByRole("heading", { level: 1 }).click();
  await page.keyboard.press("t");
  await hasFocus(page.getByRole("form", { name: "Top up" }).getByRole("textbox", { name: "Amount" }));
  await page.getByRole("heading", { level: 1 }).click();
  await page.keyboard.press("o");
  await hasFocus(row(page, "Second", "FINISHED"));
  await page.keyboard.press("ArrowDown");
  await hasFocus(row(page, "First", "FINISHED"));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "First" }).waitFor();

  await page.keyboard.press("Shift+Slash");
  const dialog = page.getByRole("dialog", { name: "Keyboard" });
  await dialog.getByRole("switch", { name: "Single-key shortcuts" }).click();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await page.keyboard.press("n");
  await page.getByRole("heading", { level: 1, name: "First" }).waitFor();
  assert.match(page.url(), /\/order\//);
});

void test("the scheme and the language that were chosen are there at the next visit", async (t) => {
  const { page } = await visit(t);
  await page.getByRole("button", { name: "Switch to the dark theme" }).click();
  await page.getByRole("button", { name: "Русский" }).click();
  await page.reload();
  await isLive(page);
  await page.getByRole("heading", { level: 1, name: "Магазин" }).waitFor();
  await page.getByRole("button", { name: "Включить светлую тему" }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "ru");
});

void test("the first view is light, with both alphabets", async (t) => {
  const { page } = await visit(t, { locale: "ru-RU" });
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
  const bytes = await page.evaluate(() => {
    const resources = /** @type {PerformanceResourceTiming[]} */ (performance.getEntriesByType("resource"));
    const files = resources.filter(({ name }) => /\.(?:js|css|woff2)$/.test(name));
    return files.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
  });
  assert.ok(bytes > 0 && bytes <= 200_000, `${bytes} bytes of scripts, styles and fonts`);
});

void test("operations draw the figures of both services, and go on drawing", async (t) => {
  const { page } = await visit(t);
  await page.getByRole("link", { name: "Operations" }).click();
  for (const title of [
    "Orders per second",
    "Time to final",
    "Outbox age",
    "Outbox depth",
    "Queue depth",
    "Dead letters",
  ]) {
    await page
      .getByRole("region", { name: title })
      .getByRole("img", { name: new RegExp(`^${title}: `) })
      .waitFor();
  }
  const line = page.getByRole("region", { name: "Queue depth" }).locator("path[data-series='1']").last();
  await page.waitForFunction(
    (path) => (path.getAttribute("d")?.match(/[ML]/g)?.length ?? 0) >= 3,
    await line.elementHandle(),
  );
});
