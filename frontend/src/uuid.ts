/** UUIDs: the user's id, and the Idempotency-Key of a submission. */

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The canonical lower-case form, or `null` when the text is no UUID. */
export function parseUuid(text: string): string | null {
  const canonical = text.trim().toLowerCase();
  return UUID.test(canonical) ? canonical : null;
}

/**
 * A random UUID (version 4). `crypto.randomUUID` exists only in secure contexts, and a page opened by the address of a
 * machine in the local network is none; `crypto.getRandomValues` is there always.
 */
export function randomUuid(source: Pick<Crypto, "getRandomValues"> & { randomUUID?: () => string } = crypto): string {
  if (source.randomUUID) return source.randomUUID();
  const bytes = source.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte, index) => {
    const stamped = index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte;
    return stamped.toString(16).padStart(2, "0");
  }).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** The two ends of a UUID, enough for an eye to tell two apart. */
export function shortUuid(uuid: string): string {
  return `${uuid.slice(0, 8)}…${uuid.slice(-4)}`;
}
