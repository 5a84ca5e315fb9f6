import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { App } from "./App.tsx";
import { formatKopecks } from "./money.ts";
import { createQueryClient } from "./queries.ts";

const USER = "6f1c2d3e-4b5a-4c7d-8e9f-0a1b2c3d4e5f";
const BILL = "0a1b2c3d-4b5a-4c7d-8e9f-6f1c2d3e4e5f";
const TIMES = { created_at: "2026-01-02T03:04:05Z", updated_at: "2026-01-02T03:04:05.250Z" };
const account = { bill_id: BILL, user_id: USER, balance: 100_000, ...TIMES };
const order = {
  id: "01890a5d-ac96-774b-bcce-b302099a8057",
  user_id: USER,
  amount: 123_450,
  description: "Coffee beans",
  status: "CANCELLED",
  cancel_reason: "INSUFFICIENT_FUNDS",
  delivery_status: null,
  ...TIMES,
};

interface Request {
  method: string;
  path: string;
  key: string | null;
  body: unknown;
}

/** Answers each request by its method and path; what is not listed is not answered at all. */
function api(answers: Record<string, () => Response>): Request[] {
  const requests: Request[] = [];
  vi.stubGlobal("fetch", (address: string, { method = "GET", headers, body }: RequestInit) => {
    const path = address.replace(/\?.*/, "");
    const key = new Headers(headers).get("Idempotency-Key");
    requests.push({ method, path, key, body: typeof body === "string" ? JSON.parse(body) : undefined });
    const answer = answers[`${method} ${path}`];
    return answer ? Promise.resolve(answer()) : Promise.reject(new TypeError("Failed to fetch"));
  });
  return requests;
}

const json =
  (body: unknown, status = 200) =>
  () =>
    Response.json(body, { status });
const problem = (status: number, title: string, detail: string) => json({ title, detail, status }, status);

function openPage() {
  render(
    <QueryClientProvider client={createQueryClient()}>
      <App />
    </QueryClientProvider>,
  );
  return userEvent.setup();
}

beforeEach(() => {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() }));
  localStorage.setItem("gozon.user_id", USER);
});

afterEach(() => {
  cleanup();
  localStorage.clear();
  window.history.replaceState(null, "", "/");
});

const PAID_UP = {
  [`GET /payments/account/${USER}`]: json(account),
  [`GET /payments/balance/${BILL}`]: json(account),
  [`GET /orders/orders/${USER}`]: json([order]),
  [`GET /orders/status/${order.id}`]: json(order),
};

describe("the page", () => {
  it("asks a stranger who they are, and remembers it", async () => {
    localStorage.clear();
    api({});
    const user = openPage();
    await user.type(screen.getByLabelText("User id"), "me");
    await user.click(screen.getByRole("button", { name: "Continue" }));
    expect(screen.getByRole("alert").textContent).toContain("A user id is a UUID");

    await user.click(screen.getByRole("button", { name: "Make one up" }));
    await user.click(screen.getByRole("button", { name: "Continue" }));
    expect(localStorage.getItem("gozon.user_id")).toMatch(/^[\da-f-]{36}$/);
    expect(screen.queryByLabelText("User id")).toBeNull();
  });

  it("shows an order with its amount and why it was cancelled", async () => {
    api(PAID_UP);
    const user = openPage();
    const row = await screen.findByRole("button", { name: /Coffee beans/ });
    expect(row.textContent).toContain("Cancelled");
    await user.click(row);
    const details = within(screen.getByRole("region", { name: "Order" }));
    expect(details.getByText(/Not enough money/)).toBeTruthy();
    expect(details.getByText("1 234,50 ₽")).toBeTruthy();
    expect(window.location.search).toBe(`?order=${order.id}`);
  });

  it("shows the API's refusal in its own words", async () => {
    api({
      [`GET /payments/account/${USER}`]: problem(404, "Account not found", "The user has none."),
      [`GET /orders/orders/${USER}`]: json([]),
      [`POST /orders/create/${USER}`]: problem(422, "Invalid order", "The description holds a NUL."),
    });
    const user = openPage();
    expect(await screen.findByText("No account yet")).toBeTruthy();
    const form = within(screen.getByRole("form", { name: "New order" }));
    await user.type(form.getByLabelText("Description"), "Tea");
    await user.type(form.getByLabelText("Amount"), "5");
    await user.click(form.getByRole("button", { name: "Place order" }));
    const alert = await form.findByRole("alert");
    expect(alert.textContent).toContain("Invalid order");
    expect(alert.textContent).toContain("The description holds a NUL.");
  });

  it("sends no amount that it refuses", async () => {
    const requests = api(PAID_UP);
    const user = openPage();
    const form = within(await screen.findByRole("form", { name: "Top up" }));
    await user.type(form.getByLabelText("Amount"), "1,005");
    await user.click(form.getByRole("button", { name: "Top up" }));
    expect(form.getByRole("alert").textContent).toContain("two digits at most");
    expect(requests.filter(({ method }) => method === "POST")).toEqual([]);
  });

  it("repeats a top-up under the same key after a lost answer, and takes a new one afterwards", async () => {
    const answers: Record<string, () => Response> = { ...PAID_UP };
    const requests = api(answers);
    const user = openPage();
    const form = within(await screen.findByRole("form", { name: "Top up" }));
    const send = async () => {
      await user.click(form.getByRole("button", { name: "Top up" }));
    };

    await user.type(form.getByLabelText("Amount"), "12,50");
    await send();
    expect((await form.findByRole("alert")).textContent).toContain("Sending it again is safe");

    answers[`POST /payments/add/${BILL}`] = json({ ...account, balance: 101_250 });
    await send();
    await form.findByText(/added/);
    expect(screen.getByTestId("balance").textContent).toBe(formatKopecks(101_250));

    await user.type(form.getByLabelText("Amount"), "12,50");
    await send();
    await form.findByText(/added/);

    const posts = requests.filter(({ method }) => method === "POST");
    expect(posts.map(({ body }) => body)).toEqual([{ amount: 1250 }, { amount: 1250 }, { amount: 1250 }]);
    const [first, second, third] = posts.map(({ key }) => key);
    expect(first).toBeTruthy();
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });
});
