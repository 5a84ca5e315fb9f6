/** The one error that a call of the API can end in: a problem document (RFC 9457), or that none arrived. */

import type { components } from "./schema.ts";

export type ProblemCode = components["schemas"]["Problem"]["code"];

/** What is wrong when no problem document says so: no answer at all, or one that is not the API's. */
export type Trouble = "no_answer" | "not_understood";

interface Failure {
  code: ProblemCode | Trouble;
  /** None when no answer arrived. */
  status?: number | undefined;
  /** The API's own words, in English. */
  detail?: string | undefined;
  /** By which logs can be searched for the request. */
  requestId?: string | undefined;
  /** Only with `account_exists`. */
  billId?: string | undefined;
}

export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ProblemCode | Trouble;
  readonly status: number | undefined;
  readonly detail: string | undefined;
  readonly requestId: string | undefined;
  readonly billId: string | undefined;

  constructor({ code, status, detail, requestId, billId }: Failure, options?: ErrorOptions) {
    super(detail ?? code, options);
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.requestId = requestId;
    this.billId = billId;
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

/** The error that an answer other than 2xx stands for; `body` is what could be read of it. */
export function refusal({ status, headers }: Response, body: unknown): ApiError {
  const requestId = headers.get("X-Request-Id") ?? undefined;
  if (!isProblem(body)) return new ApiError({ code: "not_understood", status, requestId });
  const { code, detail, bill_id: billId } = body;
  return new ApiError({ code, status, detail, requestId, billId });
}

interface ProblemBody {
  code: ProblemCode;
  detail?: string;
  bill_id?: string;
}

/** A proxy between the page and the API may answer with anything, a page of HTML for example. */
function isProblem(body: unknown): body is ProblemBody {
  return typeof body === "object" && body !== null && "code" in body && typeof body.code === "string";
}
