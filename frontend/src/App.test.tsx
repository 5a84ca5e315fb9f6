// @vitest-environment jsdom
import { cleanup, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { EventSource } from "eventsource";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { App } from "./App.tsx";
import { createQueryClient } from "./data/client.ts";
import { formatKopecks } from "./money.ts";
import { answerWith, json, problem, type Answers } from "./testing/api.ts";
import { account, BILL, order, orderId, USER } from "./testing/samples.ts";

const refused = order(1, { status: "CANCELLED", cancel_reason: "INSUFFICIENT_FUNDS" });
const ANSWERS: Answers = {
  [`GET /payments/account/${USER}`]: json(account()),
  [`GET /payments/transactions/${BILL}`]: json([]),
  [`GET /orders/orders/${USER}`]: json([refused]),
  [`GET /orders/status/${refused.id}`]: json(refused),
  [`GET /orders/timeline/${refused.id}`]: json({
    order_id: refused.id,
    steps: [
      { step: "CREATED", at: refused.created_at, event_id: null, reason: null },
      { step: "PAYMENT_DECIDED", at: refused.updated_at, event_id: null, reason: "INSUFFICIENT_FUNDS" },
    ],
  }),
};

function openPage() {
  render(<App client={createQueryClient()} />);
  return userEvent.setup();
}

beforeEach(() => {
  const media = { matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() };
  vi.stubGlobal("matchMedia", () => media);
  vi.stubGlobal("scrollTo", () => undefined);
  vi.stubGlobal("EventSource", EventSource);
  localStorage.setItem("gozon.user_id", USER);
});

afterEach(() => {
  cleanup();
  localStorage.clear();
  sessionStorage.clear();
  window.history.replaceState(null, "", "/");
});

it("asks a stranger who they are, and remembers it", async () => {
  localStorage.clear();
  answerWith({});
  const user = openPage();
  await user.type(screen.getByLabelText("User id"), "me");
  await user.click(screen.getByRole("button", { name: "Continue" }));
  expect(await screen.findByText(/A user id is a UUID/)).toBeTruthy();

  await user.click(screen.getByRole("button", { name: "Make one up" }));
  await user.click(screen.getByRole("button", { name: "Continue" }));
  expect(await screen.findByRole("heading", { name: "Shop" })).toBeTruthy();
  expect(localStorage.getItem("gozon.user_id")).toMatch(/^[\da-f-]{36}$/);
});

it("leads from an order in the list to its own page, which says what became of it", async () => {
  answerWith(ANSWERS);
  const user = openPage();
  const row = await screen.findByRole("link", { name: /Coffee beans/ });
  expect(row.textContent).toContain("Cancelled");
  await user.click(row);
  expect(window.location.pathname).toBe(`/order/${orderId(1)}`);
  expect(await screen.findByRole("heading", { level: 1, name: "Coffee beans" })).toBeTruthy();
  const timeline = within(screen.getByRole("region", { name: "Timeline" }));
  expect(await timeline.findByText("Payment decided")).toBeTruthy();
  expect(timeline.getByText(/Not enough money/)).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Cancel order" })).toBeNull();
});

it("speaks Russian when asked to, also of what was refused before", async () => {
  answerWith(ANSWERS);
  const user = openPage();
  const form = within(await screen.findByRole("form", { name: "Top up" }));
  await user.click(form.getByRole("button", { name: "Top up" }));
  expect(await form.findByText(/Enter an amount/)).toBeTruthy();
  await user.click(screen.getByRole("button", { name: /Русский/ }));
  expect(screen.getByText(/Введите сумму/)).toBeTruthy();
  expect(screen.getByRole("heading", { name: "Магазин" })).toBeTruthy();
  expect(document.documentElement.lang).toBe("ru");
});

it("says what the API refused, in words and in the API's own", async () => {
  answerWith({ ...ANSWERS, [`POST /orders/create/${USER}`]: problem(422, "invalid_request") });
  const user = openPage();
  const form = within(await screen.findByRole("form", { name: "New order" }));
  await user.type(form.getByLabelText("Description"), "Tea");
  await user.type(form.getByLabelText("Amount"), "5");
  await user.click(form.getByRole("button", { name: "Place order" }));
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("The request is not valid");
  expect(alert.textContent).toContain("Detail of invalid_request.");
  expect(alert.textContent).toContain("abc");
});

it("sends no amount that it refuses", async () => {
  const sent = answerWith(ANSWERS);
  const user = openPage();
  const form = within(await screen.findByRole("form", { name: "Top up" }));
  await user.type(form.getByLabelText("Amount"), "1,005");
  await user.click(form.getByRole("button", { name: "Top up" }));
  expect(await form.findByText(/two digits at most/)).toBeTruthy();
  expect(sent.filter(({ method }) => method === "POST")).toEqual([]);
});

it("shows an order in the list while it is being sent", async () => {
  let answer: (response: Response) => void = () => undefined;
  answerWith({
    ...ANSWERS,
    [`POST /orders/create/${USER}`]: () => new Promise((resolve) => (answer = resolve)),
  });
  const user = openPage();
  const list = within(screen.getByRole("region", { name: "Orders" }));
  await list.findByText("Coffee beans");
  const form = within(screen.getByRole("form", { name: "New order" }));
  await user.type(form.getByLabelText("Description"), "Tea{Enter}");
  await user.type(form.getByLabelText("Amount"), "5{Enter}");
  expect(await list.findByText("Sending")).toBeTruthy();
  answer(json(order(2, { description: "Tea", amount: 500 }))());
  expect(await list.findByRole("link", { name: /Tea/ })).toBeTruthy();
  expect(list.queryByText("Sending")).toBeNull();
});

it("repeats a top-up under the same key after a lost answer and a reload, and takes a new key afterwards", async () => {
  const answers = { ...ANSWERS };
  const sent = answerWith(answers);
  const user = openPage();
  const form = () => within(screen.getByRole("form", { name: "Top up" }));
  await screen.findByRole("form", { name: "Top up" });
  await user.type(form().getByLabelText("Amount"), "12,50");
  await user.click(form().getByRole("button", { name: "Top up" }));
  expect(await form().findByText(/Sending it again is safe/)).toBeTruthy();

  cleanup();
  openPage();
  expect(await screen.findByText("Your last attempt got no answer")).toBeTruthy();
  expect(form().getByLabelText<HTMLInputElement>("Amount").value).toBe("12,50");
  answers[`POST /payments/add/${BILL}`] = json(account({ balance: 101_250, version: 2 }));
  await user.click(form().getByRole("button", { name: "Top up" }));
  expect(await form().findByText(/added/)).toBeTruthy();
  await vi.waitFor(() => expect(screen.getByTestId("balance").textContent).toBe(formatKopecks(101_250)));

  await user.type(form().getByLabelText("Amount"), "12,50");
  await user.click(form().getByRole("button", { name: "Top up" }));
  const posts = () => sent.filter(({ method }) => method === "POST");
  await vi.waitFor(() => expect(posts()).toHaveLength(3));
  const [first, second, third] = posts().map(({ key }) => key);
  expect(posts().map(({ body }) => body)).toEqual([{ amount: 1250 }, { amount: 1250 }, { amount: 1250 }]);
  expect(first).toBeTruthy();
  expect(second).toBe(first);
  expect(third).not.toBe(first);
});
