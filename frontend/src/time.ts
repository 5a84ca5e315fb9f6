/** Times arrive as RFC 3339 in UTC and are shown on the reader's own clock. */

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const dayAndClock = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
const whole = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** For lists: `14:05` today, `3 Feb, 14:05` before. */
export function briefTime(rfc3339: string, now = new Date()): string {
  const time = new Date(rfc3339);
  return (time.toDateString() === now.toDateString() ? clock : dayAndClock).format(time);
}

export function wholeTime(rfc3339: string): string {
  return whole.format(new Date(rfc3339));
}

/** `180 ms`, `2.4 s`, `3 min`. */
export function elapsed(from: string, to: string): string {
  const ms = Math.max(0, Date.parse(to) - Date.parse(from));
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.round(ms / 60_000)} min`;
}
