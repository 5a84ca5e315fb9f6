/** Cancelling: with the money back while that is possible, with a clear no when it is too late. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { api, hasBeenShipped, isLive, pageUrl, shows, visit } from "./support.mjs";

/** @typedef {import("./support.mjs").Page} Page */

/**
 * An order that is paid and has time: it is placed right after others have been shipped.
 * @param {Page} page
 * @param {string} userId
 * @param {string} description
 */
async function paidOrder(page, userId, description) {
  const account = await api(page, "POST", `/payments/create/${userId}`);
  await api(page, "POST", `/payments/add/${account.bill_id}`, { amount: 1_000_00 });
  const first = await api(page, "POST", `/orders/create/${userId}`, { amount: 1_00, description: "Shipped before" });
  await hasBeenShipped(page, first.id);
  const order = await api(page, "POST", `/orders/create/${userId}`, { amount: 400_00, description });
  await shows(page.getByTestId("balance"), "599,00 ₽");
  return order.id;
}

void test("a paid order is cancelled with the keyboard, and the money comes back", async (t) => {
  const { page, userId } = await visit(t);
  const orderId = await paidOrder(page, userId, "Second thoughts");
  await page
    .getByRole("link", { name: /Second thoughts/ })
    .first()
    .click();

  const cancel = page.getByRole("button", { name: "Cancel order" });
  await cancel.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Cancel this order?" });
  await dialog.getByText("will come back to the account").waitFor();
  const around = dialog.locator("xpath=..");
  const behind = await around.evaluate((element) => getComputedStyle(element).backgroundColor);
  assert.equal(behind, "rgba(0, 0, 0, 0)", "the page shows through");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await cancel.and(page.locator(":focus")).waitFor();

  await cancel.press("Enter");
  await dialog.getByRole("button", { name: "Keep it" }).waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "hidden" });
  const status = page.getByRole("region", { name: "Status" });
  await status.getByText("The money is back on the account").waitFor();
  await page.getByRole("region", { name: "Timeline" }).locator('[data-step="REFUNDED"]').waitFor();
  assert.equal(await cancel.count(), 0);

  await page.getByRole("link", { name: "Back to the shop" }).click();
  await shows(page.getByTestId("balance"), "999,00 ₽");
  const refund = page.getByRole("listitem").filter({ hasText: "Refund" });
  await refund.getByRole("link").click();
  await page.waitForURL(`${pageUrl}/order/${orderId}`);
});

void test("an order that has been shipped meanwhile is not cancelled, and the page says why", async (t) => {
  const { page, userId } = await visit(t, { expected: [/^409 .*\/orders\/cancel\//, /^net::ERR_FAILED .*\/events\//] });
  const orderId = await paidOrder(page, userId, "Too late");
  // A page that is not told of the shipping still offers to cancel.
  await page.route("**/events/**", (route) => route.abort());
  await page.goto(`${pageUrl}/order/${orderId}`);
  const cancel = page.getByRole("button", { name: "Cancel order" });
  await cancel.waitFor();
  await hasBeenShipped(page, orderId);
  await cancel.click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Cancel the order" }).click();
  await dialog.getByText("Too late: the order has been shipped").waitFor();
  await page.keyboard.press("Escape");
  await cancel.waitFor({ state: "hidden" });
});

void test("an order of someone else can be looked at, and is live as well", async (t) => {
  const owner = await visit(t);
  const { page } = await visit(t);
  const orderId = await paidOrder(owner.page, owner.userId, "Shared");
  await page.goto(`${pageUrl}/order/${orderId}`);
  await page.getByText("This is an order of another user.").waitFor();
  await isLive(page);
  await api(owner.page, "POST", `/orders/cancel/${orderId}`);
  await page
    .getByText(/The money is back|has been shipped|Delivered/)
    .first()
    .waitFor();
});
