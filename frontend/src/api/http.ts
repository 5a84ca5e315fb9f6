/**
 * One HTTP exchange with the API, and the one error type it can end in. Whatever goes wrong (no answer, a problem
 * document, something that is not even JSON), the caller gets an {@link ApiError} with a title and a detail that can be
 * shown as they are.
 */

import { apiBase } from "../config.ts";

/** Longer than the gateway waits for a service, so that its answer, when there is one, is what the user reads. */
const TIMEOUT_MS = 15_000;

/** RFC 9457; members beyond the standard ones (`code`, `bill_id`, …) are kept. */
export type Problem = Readonly<Record<string, unknown>>;

interface Failure {
  status?: number;
  title: string;
  detail: string;
  problem?: Problem;
  retryAfterSeconds?: number | undefined;
}

export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The HTTP status; none when no answer arrived. */
  readonly status: number | undefined;
  readonly title: string;
  readonly detail: string;
  /** Only set when the API itself answered; a proxy's error page has none. */
  readonly problem: Problem | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(`${failure.title}: ${failure.detail}`, options);
    this.status = failure.status;
    this.title = failure.title;
    this.detail = failure.detail;
    this.problem = failure.problem;
    this.retryAfterSeconds = failure.retryAfterSeconds;
  }

  /**
   * Whether the request was refused for good. Otherwise (no answer, a server error, a timeout) it may or may not have
   * taken effect, and only the same request with the same Idempotency-Key can tell.
   */
  get isDefinite(): boolean {
    const { status } = this;
    return status !== undefined && status >= 400 && status < 500 && ![408, 425, 429].includes(status);
  }
}

export interface Answer<Body> {
  body: Body;
  headers: Headers;
}

export interface Call {
  signal?: AbortSignal;
  /** Makes the call a POST. */
  post?: { body?: unknown; idempotencyKey: string };
}

export async function call<Body>(path: string, { signal, post }: Call = {}): Promise<Answer<Body>> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const init: RequestInit = { signal: signal ? AbortSignal.any([signal, timeout]) : timeout, cache: "no-store" };
  if (post) {
    init.method = "POST";
    init.headers = { "Idempotency-Key": post.idempotencyKey };
    if (post.body !== undefined) {
      init.headers["Content-Type"] = "application/json";
      init.body = JSON.stringify(post.body);
    }
  }

  let response: Response;
  let body: unknown;
  try {
    response = await fetch(apiBase(window.GOZON_API, window.location) + path, init);
    body = await readJson(response);
  } catch (cause) {
    if (signal?.aborted) throw cause; // the page itself gave up on it; nobody is left to tell
    throw new ApiError({ title: "No answer from Gozon", detail: "Check the connection and try again." }, { cause });
  }
  if (!response.ok) throw refusal(response, body);
  if (body === undefined) {
    // Something between the page and the API answered in its stead: nothing is known about the request.
    throw new ApiError({ title: "An answer that makes no sense", detail: "Try again in a moment." });
  }
  return { body: body as Body, headers: response.headers };
}

/** `undefined` for anything but JSON; a body cut short rejects like any other broken connection. */
async function readJson(response: Response): Promise<unknown> {
  const isJson = /^application\/(?:[\w.-]+\+)?json\b/i.test(response.headers.get("Content-Type") ?? "");
  return isJson ? await response.json() : undefined;
}

function refusal(response: Response, body: unknown): ApiError {
  const { status } = response;
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const retryAfterSeconds = Number.isFinite(seconds) ? seconds : undefined;
  if (typeof body !== "object" || body === null) {
    return new ApiError({
      status,
      title: `Gozon answered ${status}`,
      detail: "Try again in a moment.",
      retryAfterSeconds,
    });
  }
  const problem = body as Problem;
  return new ApiError({
    status,
    title: text(problem.title) ?? `Gozon answered ${status}`,
    detail: text(problem.detail) ?? "",
    problem,
    retryAfterSeconds,
  });
}

function text(member: unknown): string | undefined {
  return typeof member === "string" && member !== "" ? member : undefined;
}
