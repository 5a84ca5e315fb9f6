/**
 * What two windows show after parts of the system have been restarted behind their backs. Whoever runs it does that: it
 * says `ready` when the windows are open, and ends when its standard input does and both show what there is.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { api, isLive, pageUrl, visit } from "./support.mjs";

/** @typedef {import("./support.mjs").Page} Page */

void test("two windows come to show what there is, whatever was restarted", { timeout: 240_000 }, async (t) => {
  const { context, page: one, userId } = await visit(t, { expected: [/^50[234] /, /^net::ERR_/] });
  const other = await context.newPage();
  await other.goto(pageUrl);
  await isLive(other);
  const { bill_id: account } = await api(one, "POST", `/payments/create/${userId}`);
  await api(one, "POST", `/payments/add/${account}`, { amount: 1000_00 });
  for (const page of [one, other]) await page.evaluate(() => Object.assign(window, { wasNeverReloaded: true }));

  process.stdin.resume();
  console.log("ready");
  while (!process.stdin.readableEnded) {
    // What is refused while nobody is there to take it is no order.
    await api(one, "POST", `/orders/create/${userId}`, { amount: 100, description: "One of many" }).catch(String);
  }
  const last = await api(one, "POST", `/orders/create/${userId}`, { amount: 100, description: "The last one" });
  for (const page of [one, other]) {
    await isLive(page);
    // It may be shipped, and delivered, before anybody looks.
    await page.locator(`a[data-order="${last.id}"]:not([data-status="NEW"])`).waitFor();
    await showsWhatThereIs(page, userId);
    assert.ok(await page.evaluate(() => "wasNeverReloaded" in window));
  }
});

/**
 * Waits until the newest orders and the balance are on the page as the API has them.
 * @param {Page} page
 * @param {string} userId
 */
async function showsWhatThereIs(page, userId) {
  for (;;) {
    const answered = await api(page, "GET", `/orders/orders/${userId}?limit=20`);
    const orders = /** @type {{ id: string, status: string }[]} */ (/** @type {unknown} */ (answered));
    const there = orders.map(({ id, status }) => `${id} ${status}`);
    const rows = await page
      .locator("a[data-order]")
      .evaluateAll((rows) => rows.map((row) => `${row.getAttribute("data-order")} ${row.getAttribute("data-status")}`));
    const isFinal = there.every((order) => !order.endsWith("NEW"));
    if (isFinal && there.length > 0 && there.join() === rows.slice(0, there.length).join()) return;
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}
