// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { answerWith, html, json, problem } from "../testing/api.ts";
import { account, BILL, USER } from "../testing/samples.ts";
import { ApiError } from "./error.ts";
import { getAccount, getOrders, openAccount } from "./gozon.ts";
import { nextCursor } from "./link.ts";

const { signal } = new AbortController();
const LIST = `GET /orders/orders/${USER}`;

async function failure(promise: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await promise.then(
    () => expect.unreachable("should have failed"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

describe("a failed call", () => {
  it("carries the problem's code, its words and the request's id", async () => {
    answerWith({ [LIST]: problem(503, "overloaded") });
    const error = await failure(getOrders(USER, null, signal));
    expect(error).toMatchObject({ code: "overloaded", status: 503, detail: "Detail of overloaded.", requestId: "abc" });
  });

  it("has a code of its own for a proxy's error page, no answer and an answer that is no JSON", async () => {
    answerWith({ [LIST]: html(502) });
    expect(await failure(getOrders(USER, null, signal))).toMatchObject({ code: "not_understood", status: 502 });
    answerWith({ [LIST]: html(200) });
    expect(await failure(getOrders(USER, null, signal))).toMatchObject({ code: "not_understood", status: undefined });
    answerWith({});
    expect(await failure(getOrders(USER, null, signal))).toMatchObject({ code: "no_answer", status: undefined });
  });

  it.each([
    [404, true],
    [409, true],
    [422, true],
    [408, false],
    [429, false],
    [500, false],
    [503, false],
  ])("is definite only when the API has refused the request: %d %s", (status, isDefinite) => {
    expect(new ApiError({ code: "bad_request", status }).isDefinite).toBe(isDefinite);
  });
});

describe("getAccount", () => {
  it("takes the API's 404 for a user without an account", async () => {
    answerWith({ [`GET /payments/account/${USER}`]: problem(404, "account_not_found") });
    expect(await getAccount(USER, signal)).toBeNull();
  });

  it("does not take a web server's 404 for one", async () => {
    answerWith({ [`GET /payments/account/${USER}`]: html(404) });
    expect((await failure(getAccount(USER, signal))).status).toBe(404);
  });
});

it("an account that was opened elsewhere in the meantime is taken as it is", async () => {
  answerWith({
    [`POST /payments/create/${USER}`]: problem(409, "account_exists", { bill_id: BILL }),
    [`GET /payments/balance/${BILL}`]: json(account()),
  });
  expect(await openAccount(USER, "key")).toEqual(account());
});

describe("pages of orders", () => {
  it("follow the Link header by its cursor, on the page's own way to the API", async () => {
    const link = '<http://orders:8081/orders/orders/x?limit=20&cursor=a%2Fb>; rel="next"';
    const sent = answerWith({ [LIST]: json([], { headers: { Link: link } }) });
    const { next } = await getOrders(USER, null, signal);
    expect(next).toBe("a/b");
    await getOrders(USER, next, signal);
    expect(sent.map(({ search }) => search)).toEqual(["?limit=20", "?limit=20&cursor=a%2Fb"]);
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
