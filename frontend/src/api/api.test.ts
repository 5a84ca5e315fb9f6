import { describe, expect, it, vi } from "vitest";
import { characters, getAccount, getOrders, nextCursor } from "./gozon.ts";
import { ApiError, call } from "./http.ts";
import { createPendingKey } from "./pendingKey.ts";

const { signal } = new AbortController();
const USER = "6f1c2d3e-4b5a-4c7d-8e9f-0a1b2c3d4e5f";

function answerWith(body: string, init: ResponseInit & { type?: string } = {}) {
  const { type = "application/json", headers, ...rest } = init;
  const fetch = vi.fn(() =>
    Promise.resolve(new Response(body, { ...rest, headers: { "Content-Type": type, ...(headers as object) } })),
  );
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

async function failure(promise: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await promise.then(
    () => expect.unreachable("should have failed"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

describe("a failed call", () => {
  it("speaks with the words of the problem document", async () => {
    const problem = { title: "Overloaded", detail: "Too many orders at once.", code: "overloaded", status: 503 };
    answerWith(JSON.stringify(problem), {
      status: 503,
      type: "application/problem+json",
      headers: { "Retry-After": "2" },
    });
    const error = await failure(call("/orders/orders/x"));
    expect(error).toMatchObject({ title: "Overloaded", detail: "Too many orders at once.", retryAfterSeconds: 2 });
    expect(error.isDefinite).toBe(false);
  });

  it("has words of its own for a proxy's error page, no answer and an answer cut short", async () => {
    answerWith("<h1>Bad gateway</h1>", { status: 502, type: "text/html" });
    expect((await failure(call("/x"))).title).toBe("Gozon answered 502");

    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    expect((await failure(call("/x"))).title).toBe("No answer from Gozon");

    answerWith('{"balance": 1');
    expect((await failure(call("/x"))).isDefinite).toBe(false);
  });

  it("is definite only when the API has refused the request", async () => {
    for (const [status, isDefinite] of [
      [404, true],
      [409, true],
      [422, true],
      [408, false],
      [429, false],
      [500, false],
      [503, false],
    ] as const) {
      answerWith("{}", { status });
      expect((await failure(call("/x"))).isDefinite, String(status)).toBe(isDefinite);
    }
  });
});

describe("getAccount", () => {
  it("takes the API's 404 for a user without an account", async () => {
    answerWith('{"title": "Account not found"}', { status: 404, type: "application/problem+json" });
    expect(await getAccount(USER, signal)).toBeNull();
  });

  it("does not take a web server's 404 for one", async () => {
    answerWith("<h1>Not found</h1>", { status: 404, type: "text/html" });
    expect((await failure(getAccount(USER, signal))).status).toBe(404);
  });
});

describe("pages of orders", () => {
  it("follow the Link header by its cursor, on the page's own way to the API", async () => {
    const fetch = answerWith("[]", {
      headers: { Link: '<http://orders:8081/orders/orders/x?limit=20&cursor=a%2Fb>; rel="next"' },
    });
    const { next } = await getOrders(USER, null, signal);
    expect(next).toBe("a/b");
    await getOrders(USER, next, signal);
    expect(fetch.mock.calls.at(-1)).toEqual([`/orders/orders/${USER}?limit=20&cursor=a%2Fb`, expect.anything()]);
  });

  it.each([
    [null, null],
    ["", null],
    ['</orders?cursor=p>; rel="prev"', null],
    ['</orders?cursor=p>; rel="prev", </orders?cursor=n>; rel="next"', "n"],
    ["</orders?cursor=n>; title=more; rel=next", "n"],
  ])("end or go on as %j says", (link, cursor) => {
    expect(nextCursor(link)).toBe(cursor);
  });
});

it("characters are counted as the API does", () => {
  expect(characters("чай 🍵")).toBe(5);
});

describe("the Idempotency-Key", () => {
  const refused = new ApiError({ status: 422, title: "", detail: "" });
  const broken = new ApiError({ status: 502, title: "", detail: "" });
  const lost = new ApiError({ title: "", detail: "" });

  async function keysOf(attempts: [request: object, outcome: ApiError | "done"][]): Promise<string[]> {
    let made = 0;
    const keys: string[] = [];
    const pendingKey = createPendingKey(() => `key ${++made}`);
    for (const [request, outcome] of attempts) {
      const send = (key: string) => {
        keys.push(key);
        return outcome === "done" ? Promise.resolve() : Promise.reject(outcome);
      };
      await pendingKey.submit(request, send).catch(() => undefined);
    }
    return keys;
  }
  const five = { amount: 5 };

  it("is kept while the outcome of the same request is unknown", async () => {
    expect(
      await keysOf([
        [five, lost],
        [five, broken],
        [five, "done"],
      ]),
    ).toEqual(["key 1", "key 1", "key 1"]);
  });

  it("is renewed after success and after a refusal", async () => {
    expect(
      await keysOf([
        [five, "done"],
        [five, refused],
        [five, "done"],
      ]),
    ).toEqual(["key 1", "key 2", "key 3"]);
  });

  it("is renewed when the request has changed", async () => {
    expect(
      await keysOf([
        [five, lost],
        [{ amount: 6 }, lost],
        [five, "done"],
      ]),
    ).toEqual(["key 1", "key 2", "key 3"]);
  });
});
