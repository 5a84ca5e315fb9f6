/** The main story, in both languages: who is shopping, an account, money, orders that are paid and refused. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { en } from "./words/en.mjs";
import { ru } from "./words/ru.mjs";
import { picture, row, shows, visit } from "./support.mjs";

for (const words of [en, ru]) {
  void test(`${words.language}: a user opens an account, tops it up, orders, and sees what becomes of it`, async (t) => {
    const { page, context } = await visit(t, { locale: words.locale, isKnown: false });
    const balance = page.getByTestId("balance");
    const topUp = page.getByRole("form", { name: words.topUp });
    const newOrder = page.getByRole("form", { name: words.newOrder });
    const orders = page.getByRole("region", { name: words.orders }).getByRole("link");

    /** @param {string} description @param {string} amount */
    const order = async (description, amount) => {
      await newOrder.getByLabel(words.description).fill(description);
      await newOrder.getByRole("textbox", { name: words.amount }).fill(amount);
      await newOrder.getByRole("button", { name: words.placeOrder }).click();
    };

    // A first visit asks who is there, and refuses what is no UUID.
    await page.getByLabel(words.userId).fill("me");
    await page.getByRole("button", { name: words.go }).click();
    await page.getByText(words.userIdInvalid).waitFor();

    // A user id is made up, and nothing is there yet.
    await page.getByRole("button", { name: words.makeUp }).click();
    const userId = await page.getByLabel(words.userId).inputValue();
    assert.match(userId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    await page.getByRole("button", { name: words.go }).click();
    await page.getByText(words.noAccount).waitFor();
    await page.getByText(words.noOrders).waitFor();
    await page.getByText(words.live, { exact: true }).waitFor();

    // An account is opened, here and in the window that had not heard of it.
    const elsewhere = await context.newPage();
    await elsewhere.goto(page.url());
    await elsewhere.getByRole("button", { name: words.openAccount }).waitFor();
    await page.getByRole("button", { name: words.openAccount }).click();
    await shows(balance, "0,00 ₽");
    await shows(elsewhere.getByTestId("balance"), "0,00 ₽");
    await elsewhere.close();

    // A bad amount is refused with a message and changes nothing.
    for (const [amount, message] of words.badAmounts) {
      await topUp.getByRole("textbox", { name: words.amount }).fill(String(amount));
      await topUp.getByRole("button", { name: words.topUpSubmit }).click();
      await topUp.getByText(String(message)).waitFor();
    }
    await shows(balance, "0,00 ₽");

    // 1 000,50 ₽ are added, and stand in the ledger.
    await topUp.getByRole("textbox", { name: words.amount }).fill("1000,50");
    await topUp.getByRole("button", { name: words.topUpSubmit }).click();
    await shows(balance, "1 000,50 ₽");
    await topUp.getByText(words.added).waitFor();
    const ledger = page.getByRole("region", { name: words.ledger });
    await shows(ledger.getByRole("listitem").getByText("+1"), "+1 000,50 ₽");

    // An order is paid, and the balance falls by exactly its amount.
    await order("Coffee beans, 1 kg", "250.25");
    await row(page, "Coffee beans, 1 kg", "FINISHED").waitFor();
    await shows(balance, "750,25 ₽");
    await page.getByRole("img", { name: words.chart }).waitFor();

    // An order beyond the balance is cancelled, says why, and costs nothing.
    await order("A grand piano", "750,26");
    await row(page, "A grand piano", "CANCELLED").getByText(words.insufficientFunds).waitFor();
    await shows(balance, "750,25 ₽");
    await picture(page, `story-${words.locale}`);

    // An order for all that is left is paid.
    await order("Tea for everyone", "750,25");
    await row(page, "Tea for everyone", "FINISHED").waitFor();
    await shows(balance, "0,00 ₽");
    assert.equal(await orders.count(), 3);

    // An order's page tells its way, and its address leads to it after a reload.
    await row(page, "Coffee beans", "FINISHED").click();
    const title = page.getByRole("heading", { level: 1, name: "Coffee beans, 1 kg" });
    await title.waitFor();
    const timeline = page.getByRole("region", { name: words.timeline });
    for (const step of words.steps) await timeline.getByText(step, { exact: true }).first().waitFor();
    await page.reload();
    await title.waitFor();
    await timeline.locator('[data-step="SETTLED"]').waitFor();

    // The order is shipped and delivered before one's eyes.
    await timeline.locator('[data-step="SHIPPED"]').waitFor();
    await timeline.locator('[data-step="DELIVERED"]').waitFor();
    assert.equal(await page.getByRole("button", { name: words.cancelOrder }).count(), 0);
    await picture(page, `delivered-${words.locale}`);
  });
}
