/**
 * What the stories share: a browser, visitors who are a user each, and what no page may do.
 *
 * PAGE_URL is where the page is (default http://localhost:3000), CHROMIUM the browser (default /usr/bin/chromium),
 * SCREENSHOTS a folder for pictures. Each visitor is a user of their own, so that the stories need no clean system and
 * run beside others. They wait for what the page shows and never for time to pass.
 */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after } from "node:test";
import { chromium } from "playwright-core";

/**
 * @typedef {import("playwright-core").Page} Page
 * @typedef {import("playwright-core").Locator} Locator
 * @typedef {import("playwright-core").BrowserContext} BrowserContext
 *
 * @typedef Answered What the stories read of the API's answers: of an order, an account, a list.
 * @property {string} id
 * @property {string | null} delivery_status
 * @property {string} bill_id
 * @property {number} balance
 * @property {number} length
 * @property {{ step: string, at: string }[]} steps
 */

export const pageUrl = (process.env.PAGE_URL ?? "http://localhost:3000").replace(/\/$/, "");
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const screenshots = process.env.SCREENSHOTS;
const axeSource = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** How long anything on the page may take to happen: a payment, and the two steps of a delivery. */
const PATIENCE_MS = 45_000;
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
export const WIDE = { width: 1440, height: 960 };
export const PHONE = { width: 390, height: 844 };
export const NARROWEST = { width: 320, height: 700 };

const browser = await chromium.launch({ executablePath, args: FLAGS, headless: true });
after(() => browser.close());

/**
 * A new user in a browser of their own, with their page open and live.
 * @param {import("node:test").TestContext} t
 * @param {{ locale?: string, isKnown?: boolean, expected?: RegExp[] }} [options] `isKnown`: has said who they are;
 *   `expected`: complaints of the browser that are no trouble here, as `status address`.
 */
export async function visit(t, { locale = "en-GB", isKnown = true, expected = [] } = {}) {
  const userId = randomUUID();
  const localStorage = isKnown ? [{ name: "gozon.user_id", value: userId }] : [];
  const storageState = { cookies: [], origins: [{ origin: new URL(pageUrl).origin, localStorage }] };
  const context = await browser.newContext({ viewport: WIDE, locale, storageState });
  context.setDefaultTimeout(PATIENCE_MS);
  const troubles = watchForTrouble(context, expected);
  const page = await context.newPage();
  await page.goto(pageUrl);
  if (isKnown) await isLive(page);
  t.after(async () => {
    await context.close();
    assert.deepEqual(troubles, [], "the browser had something to complain about");
  });
  return { context, page, userId };
}

/** @param {Page} page */
export async function isLive(page) {
  await page.locator('[data-connection="live"]').waitFor();
}

/**
 * Calls the API from the page, beside what the page itself does.
 * @param {Page} page
 * @param {"GET" | "POST"} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<Answered>}
 */
export function api(page, method, path, body) {
  return page.evaluate(
    async ({ method, path, body }) => {
      const setting = window.GOZON_API ?? "";
      const base = setting.startsWith(":") ? `${location.protocol}//${location.hostname}${setting}` : setting;
      const json = body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
      const response = await fetch(base + path, { method, ...json });
      const answered = /** @type {unknown} */ (await response.json());
      return /** @type {Answered} */ (answered);
    },
    { method, path, body },
  );
}

/**
 * Waits until the API says that an order has left the shop, whatever the page shows.
 * @param {Page} page
 * @param {string} orderId
 */
export async function hasBeenShipped(page, orderId) {
  for (;;) {
    const { delivery_status } = await api(page, "GET", `/orders/status/${orderId}`);
    if (delivery_status === "SHIPPED" || delivery_status === "DELIVERED") return;
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}

/**
 * Waits until an element shows exactly this text. Amounts hold no-break spaces; plain ones stand for them here.
 * @param {Locator} locator
 * @param {string} text
 */
export async function shows(locator, text) {
  const pattern = new RegExp(`^${text.replace("+", "\\+").replaceAll(" ", "\\s")}$`);
  await locator.filter({ hasText: pattern }).waitFor();
}

/**
 * The row of an order in a given state.
 * @param {Page} page
 * @param {string} description
 * @param {"NEW" | "FINISHED" | "CANCELLED"} status
 */
export function row(page, description, status) {
  return page.locator(`a[data-status="${status}"]`).filter({ hasText: description });
}

/**
 * Waits for what moves to stand still, then lets axe look at the page.
 * @param {Page} page
 * @param {string} view
 */
export async function findsNothing(page, view) {
  await page.evaluate(async () => {
    const ending = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map((one) => one.finished));
  });
  // Evaluated, not added as a script: the page's security policy forbids that, as it should.
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const { axe } = /** @type {Window & { axe: typeof import("axe-core") }} */ (/** @type {unknown} */ (window));
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const found = await axe.run(document, { runOnly: tags });
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
  assert.deepEqual(violations, [], `axe finds something on ${view}`);
}

/** @param {Page} page @param {string} view */
export async function fits(page, view) {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(overflow <= 0, `${view} is ${overflow} px too wide`);
}

/** @param {Page} page @param {string} name */
export async function picture(page, name) {
  if (screenshots === undefined) return;
  await mkdir(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`), animations: "disabled" });
}

/**
 * Collects console errors, exceptions and failed requests. Expected, and not counted, are the 404 for a user without an
 * account, and requests that the page itself dropped.
 * @param {BrowserContext} context
 * @param {RegExp[]} expected
 * @returns {string[]}
 */
function watchForTrouble(context, expected) {
  /** @type {string[]} */
  const troubles = [];
  const harmless = [/^404 .*\/payments\/account\//, /^net::ERR_ABORTED /, ...expected];
  /** @param {string} trouble */
  const note = (trouble) => {
    if (!harmless.some((pattern) => pattern.test(trouble))) troubles.push(trouble);
  };
  context.on("response", (response) => {
    if (response.status() >= 400) note(`${response.status()} ${response.url()}`);
  });
  context.on("requestfailed", (request) => note(`${request.failure()?.errorText} ${request.url()}`));
  context.on("console", (message) => {
    // Requests that failed are noted above, with their addresses.
    const isAboutRequest = /^Failed to load resource|net::ERR_/.test(message.text());
    if (["error", "warning"].includes(message.type()) && !isAboutRequest) note(message.text());
  });
  context.on("weberror", (error) => note(String(error.error())));
  return troubles;
}
