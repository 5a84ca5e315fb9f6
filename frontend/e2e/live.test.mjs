/** What the page does with its connection: windows that agree, and a connection that is lost and comes back. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { api, isLive, pageUrl, row, shows, visit } from "./support.mjs";

void test("two windows of one user come to show the same, whichever of them acts", async (t) => {
  const { context, page: one, userId } = await visit(t);
  const other = await context.newPage();
  await other.goto(pageUrl);
  await isLive(other);

  await one.getByRole("button", { name: "Open account" }).click();
  await shows(other.getByTestId("balance"), "0,00 ₽");
  const topUp = other.getByRole("form", { name: "Top up" });
  await topUp.getByRole("button", { name: "5 000" }).click();
  await topUp.getByRole("button", { name: "Top up" }).click();
  await shows(one.getByTestId("balance"), "5 000,00 ₽");

  const newOrder = one.getByRole("form", { name: "New order" });
  await newOrder.getByLabel("Description").fill("Lamp");
  await newOrder.getByRole("textbox", { name: "Amount" }).fill("1500");
  await newOrder.getByRole("textbox", { name: "Amount" }).press("Enter");
  await row(one, "Lamp", "FINISHED").waitFor();
  await row(other, "Lamp", "FINISHED").waitFor();
  await shows(other.getByTestId("balance"), "3 500,00 ₽");
  await other.getByText("−1 500,00 ₽".replace(/ /g, "\u00a0")).waitFor();

  for (const page of [one, other]) {
    assert.equal(await page.locator("a[data-order]").count(), 1);
  }
  assert.equal((await api(one, "GET", `/orders/orders/${userId}`)).length, 1);
});

void test("a page asks for nothing as time passes", async (t) => {
  const { page, userId } = await visit(t);
  /** @type {string[]} */
  const asked = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/orders/orders") || pathname.startsWith("/payments/account")) asked.push(pathname);
  });
  // What other users do is time passing, for this one.
  for (let count = 0; count < 20; count++) await api(page, "POST", `/payments/create/${crypto.randomUUID()}`);
  assert.deepEqual(asked, [], `asked for ${userId} again`);
});

void test("a lost connection is said, and what was missed is there when it is back", async (t) => {
  const { context, page, userId } = await visit(t, { expected: [/^net::ERR_INTERNET_DISCONNECTED /] });
  const helper = await visit(t);
  const account = await api(helper.page, "POST", `/payments/create/${userId}`);
  await shows(page.getByTestId("balance"), "0,00 ₽");

  await context.setOffline(true);
  await page.getByText("Reconnecting", { exact: true }).waitFor();
  await api(helper.page, "POST", `/payments/add/${account.bill_id}`, { amount: 700_00 });
  await api(helper.page, "POST", `/orders/create/${userId}`, { amount: 200_00, description: "Missed" });
  await page.getByText("Live updates are interrupted").waitFor();
  assert.equal(await page.getByText("Missed").count(), 0);

  await context.setOffline(false);
  await isLive(page);
  await row(page, "Missed", "FINISHED").waitFor();
  await shows(page.getByTestId("balance"), "500,00 ₽");
  await page.getByText("Live updates are interrupted").waitFor({ state: "hidden" });
});

void test("a top-up whose answer is lost is made once, although it is sent again after a reload", async (t) => {
  const { page, userId } = await visit(t, { expected: [/^net::ERR_CONNECTION_RESET /, /^net::ERR_FAILED /] });
  await page.getByRole("button", { name: "Open account" }).click();
  const topUp = page.getByRole("form", { name: "Top up" });
  await page.route("**/payments/add/*", async (route) => {
    await route.fetch(); // it takes effect, and the answer goes nowhere
    await route.abort("connectionreset");
  });
  await topUp.getByRole("textbox", { name: "Amount" }).fill("12,50");
  await topUp.getByRole("button", { name: "Top up" }).click();
  await topUp.getByText("Sending it again is safe").waitFor();

  await page.unroute("**/payments/add/*");
  await page.reload();
  await topUp.getByText("Your last attempt got no answer").waitFor();
  assert.equal(await topUp.getByRole("textbox", { name: "Amount" }).inputValue(), "12,50");
  await topUp.getByRole("button", { name: "Top up" }).click();
  await topUp.getByText("added").waitFor();
  await shows(page.getByTestId("balance"), "12,50 ₽");
  const account = await api(page, "GET", `/payments/account/${userId}`);
  assert.equal(account.balance, 1250);
});
