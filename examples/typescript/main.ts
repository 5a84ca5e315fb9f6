/** An account, a deposit, an order that is paid and one that is too expensive. */
import { randomUUID } from "node:crypto";

import { GozonClient } from "./gozon.ts";

const gozon = new GozonClient(process.env.GOZON_URL);
const roubles = (kopecks: number) => (kopecks / 100).toFixed(2);

const userId = randomUUID();
console.log(`user ${userId}`);

const { bill_id: billId } = await gozon.openAccount(userId);
console.log(`account ${billId}`);
console.log(`deposited 500.00: the balance is ${roubles((await gozon.deposit(billId, 50_000)).balance)}`);

for (const [amount, description] of [
  [12_345, "Coffee beans, 1 kg"],
  [5_000_000, "Grand piano"],
] as const) {
  const placed = await gozon.placeOrder(userId, amount, description);
  const { id, status, cancel_reason } = await gozon.untilFinal(placed.id);
  const outcome = cancel_reason ? `${status} ${cancel_reason}` : status;
  console.log(`order ${id}, ${description} for ${roubles(amount)}: ${outcome}`);
}

console.log(`the balance is ${roubles((await gozon.account(billId)).balance)}`);
