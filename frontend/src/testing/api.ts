import { vi } from "vitest";

export interface Sent {
  method: string;
  path: string;
  search: string;
  key: string | null;
  body: unknown;
}

export type Answers = Record<string, () => Response | Promise<Response>>;

/** Answers each request by its method and path; what is not listed is not answered at all. */
export function answerWith(answers: Answers): Sent[] {
  const sent: Sent[] = [];
  vi.stubGlobal("fetch", async (input: Request | string | URL) => {
    const request = input instanceof Request ? input : new Request(input);
    const { pathname, search } = new URL(request.url);
    const text = await request.clone().text();
    sent.push({
      method: request.method,
      path: pathname,
      search,
      key: request.headers.get("Idempotency-Key"),
      body: text === "" ? undefined : JSON.parse(text),
    });
    const answer = answers[`${request.method} ${pathname}`];
    if (!answer) throw new TypeError("Failed to fetch");
    return answer();
  });
  return sent;
}

export function json(body: unknown, init: ResponseInit = {}) {
  return () => Response.json(body, init);
}

export function problem(status: number, code: string, more: object = {}) {
  const body = { type: `urn:gozon:problem:${code}`, title: code, status, code, detail: `Detail of ${code}.`, ...more };
  return () =>
    new Response(JSON.stringify(body), {
      status,
      headers: { "Content-Type": "application/problem+json", "X-Request-Id": "abc" },
    });
}

export function html(status: number) {
  return () => new Response("<h1>Bad gateway</h1>", { status, headers: { "Content-Type": "text/html" } });
}
