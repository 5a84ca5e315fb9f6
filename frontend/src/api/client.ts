/** One exchange with the API, typed by `schema.ts`, which `npm run generate` makes of openapi.yaml. */

import createClient from "openapi-fetch";
import { apiBase } from "../config.ts";
import { ApiError, refusal } from "./error.ts";
import type { paths } from "./schema.ts";

/** Longer than the gateway waits for a service, so that its answer, when there is one, is what the user reads. */
const TIMEOUT_MS = 15_000;

export const client = createClient<paths>({
  baseUrl: apiBase(),
  cache: "no-store",
  // Looked up at each call, so that a test can stand in for it.
  fetch: (request) => fetch(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]) }),
});

interface Exchange<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The data and headers of an exchange that went well; anything else is thrown as an {@link ApiError}. */
export async function answer<Data>(
  exchange: Promise<Exchange<Data>>,
  signal?: AbortSignal,
): Promise<{ data: Data; headers: Headers }> {
  let done: Exchange<Data>;
  try {
    done = await exchange;
  } catch (cause) {
    if (signal?.aborted) throw cause; // the page itself gave up on it; nobody is left to tell
    // An answer that was cut short or is not JSON: nothing is known about the request, as if there were none.
    throw new ApiError({ code: cause instanceof SyntaxError ? "not_understood" : "no_answer" }, { cause });
  }
  const { data, error, response } = done;
  if (!response.ok) throw refusal(response, error);
  if (data === undefined) throw new ApiError({ code: "not_understood" });
  return { data, headers: response.headers };
}
