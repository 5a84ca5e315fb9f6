/**
 * Measures how soon the page shows that an order is FINISHED: `npm run latency`, with the addresses of the stories, and
 * ORDERS (default 300) placed PER_SECOND (default 5) by somebody who is not the page.
 *
 * It begins with the transaction that made the order FINISHED, by the database's clock, which is a little before its
 * commit, and ends when a frame with the changed row has been drawn. Browser and database have to share a clock.
 */

import { test } from "node:test";
import { api, pageUrl, visit } from "./support.mjs";

const orders = Number(process.env.ORDERS ?? 300);
const perSecond = Number(process.env.PER_SECOND ?? 5);

/** @typedef {Window & { drawn: Map<string, number> }} Watched */

void test(`${orders} orders, ${perSecond} a second, at ${pageUrl}`, async (t) => {
  const { page, userId } = await visit(t);
  const helper = await visit(t);
  const { bill_id: account } = await api(helper.page, "POST", `/payments/create/${userId}`);
  await api(helper.page, "POST", `/payments/add/${account}`, { amount: orders * 100 });
  await page.evaluate(noteWhenRowsAreDrawn);

  const began = Date.now();
  /** @type {string[]} */
  const placed = [];
  for (let count = 0; count < orders; count++) {
    await new Promise((resume) => setTimeout(resume, began + (count * 1000) / perSecond - Date.now()));
    const order = await api(helper.page, "POST", `/orders/create/${userId}`, {
      amount: 100,
      description: `No. ${count}`,
    });
    placed.push(order.id);
    if (placed.length % 100 === 0) console.log(`${placed.length} orders placed`);
  }
  const last = placed.at(-1) ?? "";
  await page.waitForFunction((id) => /** @type {Watched} */ (/** @type {unknown} */ (window)).drawn.has(id), last);
  const drawn = new Map(await page.evaluate(() => [.../** @type {Watched} */ (/** @type {unknown} */ (window)).drawn]));

  /** @type {number[]} */
  const delays = [];
  for (const id of placed) {
    const { steps } = await api(helper.page, "GET", `/orders/timeline/${id}`);
    const settled = steps.find(({ step }) => step === "SETTLED");
    const at = drawn.get(id);
    if (at !== undefined && settled !== undefined) delays.push(at - Date.parse(settled.at));
  }
  delays.sort((one, other) => one - other);
  const quantile = (/** @type {number} */ share) => delays[Math.ceil(share * delays.length) - 1]?.toFixed(0);
  console.log(
    `FINISHED → drawn, ms: p50 ${quantile(0.5)}, p95 ${quantile(0.95)}, p99 ${quantile(0.99)}, max ${quantile(1)}`,
  );
  console.log(`of ${delays.length} orders; ${placed.length - delays.length} were never drawn`);
});

/** Runs in the page: `window.drawn` says when a row was first drawn as FINISHED, by its order. */
function noteWhenRowsAreDrawn() {
  const drawn = new Map();
  Object.assign(window, { drawn });
  // It is called right after the frame that has laid out what it was asked to observe.
  const isDrawn = new IntersectionObserver((rows) => {
    for (const { target } of rows) {
      isDrawn.unobserve(target);
      drawn.set(target.getAttribute("data-order"), Date.now());
    }
  });
  const note = () => {
    const rows = [...document.querySelectorAll('a[data-order][data-status="FINISHED"]')];
    const fresh = rows.filter((row) => !drawn.has(row.getAttribute("data-order")));
    fresh.forEach((row) => isDrawn.observe(row));
  };
  const changes = { subtree: true, childList: true, attributes: true, attributeFilter: ["data-status"] };
  new MutationObserver(note).observe(document.body, changes);
}
