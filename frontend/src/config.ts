/**
 * Where the API is. `/config.js`, answered by the web server, sets `window.GOZON_API`:
 *
 * - `""` or missing: the page's own origin (the page is served by the gateway itself);
 * - `":8080"`: the page's scheme and host name, on that port;
 * - anything else: the full base address.
 */

declare global {
  interface Window {
    GOZON_API?: string;
  }
}

type Page = Pick<Location, "origin" | "protocol" | "hostname">;

export function apiBase(): string {
  return baseFor(window.GOZON_API, window.location);
}

export function baseFor(setting: string | undefined, page: Page): string {
  if (!setting) return page.origin;
  if (setting.startsWith(":")) return `${page.protocol}//${page.hostname}${setting}`;
  return setting.replace(/\/+$/, "");
}
