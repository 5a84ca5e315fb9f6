/**
 * A client of Gozon's HTTP API. Whatever happens to a request, or to its answer, it takes effect once.
 *
 * A client whose connection breaks cannot know whether its request was served. So each thing that is to be done gets
 * one Idempotency-Key of its own, and is sent with that same key until an answer arrives; the service recognises it.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

const ATTEMPTS = 6;
const TIMEOUT_MS = 10_000;
/** The first pause is at most this long, and each later one at most twice as long as the one before. */
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
const POLL_MS = 100;

/** Passing troubles. Any other error would only come again. */
const PASSING = [502, 503, 504];

export interface Account {
  bill_id: string;
  user_id: string;
  balance: number;
}

export interface Order {
  id: string;
  amount: number;
  description: string;
  status: "NEW" | "FINISHED" | "CANCELLED";
  cancel_reason: string | null;
}

/** A request was refused. `code` is made for programs, the message for people (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(`${status} ${code}: ${detail}`);
  }
}

/** Amounts are in kopecks: 12345 is 123.45 roubles. */
export class GozonClient {
  constructor(private readonly baseUrl = "http://localhost:8080") {}

  openAccount(userId: string): Promise<Account> {
    return this.post(`/payments/create/${userId}`);
  }

  deposit(billId: string, amount: number): Promise<Account> {
    return this.post(`/payments/add/${billId}`, { amount });
  }

  account(billId: string): Promise<Account> {
    return this.send("GET", `/payments/balance/${billId}`);
  }

  /** The order is NEW: it is paid, or cancelled, a moment later. */
  placeOrder(userId: string, amount: number, description: string): Promise<Order> {
    return this.post(`/orders/create/${userId}`, { amount, description });
  }

  order(orderId: string): Promise<Order> {
    return this.send("GET", `/orders/status/${orderId}`);
  }

  /** The order, once it is FINISHED or CANCELLED. */
  async untilFinal(orderId: string, timeoutMs = 30_000): Promise<Order> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const order = await this.order(orderId);
      if (order.status !== "NEW") return order;
      if (performance.now() > deadline) throw new Error(`order ${orderId} is still NEW after ${timeoutMs} ms`);
      await sleep(POLL_MS);
    }
  }

  private post<T>(path: string, body?: object): Promise<T> {
    // One key for what is to be done, however often it has to be sent.
    const headers: Record<string, string> = { "Idempotency-Key": randomUUID() };
    if (body) headers["Content-Type"] = "application/json";
    return this.send("POST", path, { headers, body: body ? JSON.stringify(body) : null });
  }

  private async send<T>(method: string, path: string, init: RequestInit = {}): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const outcome = await attemptOnce(new URL(path, this.baseUrl), { method, ...init });
      if ("answer" in outcome) return outcome.answer as T;
      if (!outcome.isPassing || attempt === ATTEMPTS) throw outcome.error;
      await sleep(outcome.retryAfterMs + jitter(attempt));
    }
  }
}

type Outcome = { answer: unknown } | { error: unknown; isPassing: boolean; retryAfterMs: number };

async function attemptOnce(url: URL, init: RequestInit): Promise<Outcome> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    text = await response.text();
  } catch (error) {
    // No answer arrived, so that the outcome is unknown.
    return { error, isPassing: true, retryAfterMs: 0 };
  }
  if (response.ok) return { answer: JSON.parse(text) };
  const retryAfter = response.headers.get("Retry-After") ?? "";
  return {
    error: problem(response, text),
    isPassing: PASSING.includes(response.status),
    retryAfterMs: /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : 0,
  };
}

function problem({ status, headers }: Response, text: string): Problem {
  if (headers.get("Content-Type") !== "application/problem+json") return new Problem(status, "unknown", text);
  const { code, detail } = JSON.parse(text) as { code: string; detail: string };
  return new Problem(status, code, detail);
}

/** A random part of a pause that doubles, so that clients that failed together do not come back together. */
function jitter(attempt: number): number {
  return Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));
}
