// @vitest-environment jsdom
import { afterEach, expect, it, vi } from "vitest";
import { ApiError } from "./error.ts";
import { forget, pending, submit } from "./pending.ts";

const SLOT = "top-up:x";
const refused = new ApiError({ code: "invalid_request", status: 422 });
const broken = new ApiError({ code: "bad_gateway", status: 502 });
const lost = new ApiError({ code: "no_answer" });
const five = { amount: 5 };
const six = { amount: 6 };

afterEach(() => sessionStorage.clear());

/** Sends the requests one after the other; the numbers tell which of them had the same key. */
async function keysOf(attempts: [request: object, outcome: ApiError | "done"][]): Promise<number[]> {
  const keys: string[] = [];
  for (const [request, outcome] of attempts) {
    const send = (_: object, key: string) => {
      keys.push(key);
      return outcome === "done" ? Promise.resolve() : Promise.reject(outcome);
    };
    await submit(SLOT, request, send).catch(() => undefined);
  }
  return keys.map((key) => keys.indexOf(key));
}

it("the key is kept while the outcome of the same request is unknown", async () => {
  expect(await keysOf([[five, lost], [five, broken], [five, "done"]])).toEqual([0, 0, 0]); // prettier-ignore
});

it("the key is renewed after success and after a refusal", async () => {
  expect(await keysOf([[five, "done"], [five, refused], [five, "done"]])).toEqual([0, 1, 2]); // prettier-ignore
});

it("the key is renewed when the request has changed", async () => {
  expect(await keysOf([[five, lost], [six, lost], [five, "done"]])).toEqual([0, 1, 2]); // prettier-ignore
});

it("a user who forgets the request makes a new wish", async () => {
  const [first] = await keysOf([[five, lost]]);
  forget(SLOT);
  expect(first).toBe(0);
  expect(pending(SLOT)).toBeNull();
});

it("a reload while the request is on its way forgets neither the key nor the request", async () => {
  let key = "";
  void submit(SLOT, five, (_, sent) => {
    key = sent;
    return new Promise(() => undefined); // the answer never comes
  });

  vi.resetModules();
  const reloaded = await import("./pending.ts");
  expect(reloaded.pending(SLOT)).toEqual({ request: five, key });
  const again = await reloaded.submit(SLOT, five, (_, sent) => Promise.resolve(sent));
  expect(again).toBe(key);
  expect(reloaded.pending(SLOT)).toBeNull();
});

it("slots do not know of each other", async () => {
  await keysOf([[five, lost]]);
  expect(pending("top-up:y")).toBeNull();
});

it("what someone else wrote into the storage is not taken for a request", () => {
  for (const text of ["", "null", "5", "{}", '{"key": 5}', "not JSON"]) {
    sessionStorage.setItem(`gozon.pending.${SLOT}`, text);
    expect(pending(SLOT)).toBeNull();
  }
});
