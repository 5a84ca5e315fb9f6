/**
 * The cursor in the `rel="next"` address of a Link header (RFC 8288). Only the cursor is taken, so the page asks where
 * it asked before, whatever host the address names.
 */
export function nextCursor(link: string | null): string | null {
  for (const [, address, parameters] of link?.matchAll(/<([^>]*)>([^,<]*)/g) ?? []) {
    if (address !== undefined && /;\s*rel="?next"?\s*(?:;|$)/i.test(parameters ?? "")) {
      return new URL(address, "http://unused.invalid").searchParams.get("cursor");
    }
  }
  return null;
}
