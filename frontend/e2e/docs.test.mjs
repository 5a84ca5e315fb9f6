/** The API's document for people: Swagger UI, with nothing from elsewhere. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { pageUrl, picture, visit } from "./support.mjs";

for (const path of ["/docs", "/swagger"]) {
  void test(`${path} shows the API, and an operation can be tried out`, async (t) => {
    const { page, userId } = await visit(t);
    /** @type {Set<string>} */
    const origins = new Set();
    page.on(
      "request",
      (request) => void origins.add(new URL(request.url()).protocol + new URL(request.url()).hostname),
    );
    await page.goto(pageUrl + path);
    await page.getByRole("heading", { name: "Gozon" }).waitFor();
    await page.getByText("Open the user's account", { exact: true }).click();
    const operation = page.locator("#operations-Payments-openAccount");
    await operation.getByRole("button", { name: "Try it out" }).click();
    await operation.getByPlaceholder("user_id").fill(userId);
    await operation.getByRole("button", { name: "Execute" }).click();
    await operation.locator(".live-responses-table").getByText("201", { exact: true }).waitFor();
    await picture(page, `docs${path.replaceAll("/", "-")}`);
    assert.equal(origins.size, 1, `from one host: ${[...origins].join(" ")}`);
  });
}
