import react from "@vitejs/plugin-react";
import type { Connect, Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { documents } from "./documents.ts";

/** Where `npm run dev` and `npm run preview` send API calls. */
const gateway = process.env.GOZON_GATEWAY ?? "http://localhost:8080";

/**
 * Answers `/config.js` while developing, as nginx does in an installation. The empty base means "same origin", and
 * the proxy below makes it so. Nothing of this reaches the build.
 */
function runtimeConfig(): Plugin {
  const answer: Connect.NextHandleFunction = (_request, response) => {
    response.setHeader("Content-Type", "application/javascript");
    response.end('window.GOZON_API="";');
  };
  return {
    name: "gozon-runtime-config",
    configureServer: (server) => void server.middlewares.use("/config.js", answer),
    configurePreviewServer: (server) => void server.middlewares.use("/config.js", answer),
  };
}

/**
 * Leaves Mantine's colour palettes out of the build: theme.css has the page's own tones, and the palettes, all but the
 * greys, would be a fifth of the styles.
 */
function withoutPalettes(): Plugin {
  const palettes =
    /^\s*--mantine-color-(?:red|pink|grape|violet|indigo|blue|cyan|teal|green|lime|yellow|orange)-.*;$/gm;
  return {
    name: "gozon-without-palettes",
    enforce: "pre",
    transform: (code, id) => (id.endsWith("/default-css-variables.css") ? code.replace(palettes, "") : undefined),
  };
}

const proxy = { "/orders": gateway, "/payments": gateway, "/api": gateway };

export default defineConfig({
  plugins: [react(), runtimeConfig(), withoutPalettes(), { ...documents(), apply: "serve" }],
  server: { port: 3000, proxy },
  preview: { port: 3000, proxy },
  // The content security policy allows no data: addresses, so nothing is inlined.
  build: {
    assetsInlineLimit: 0,
    // Those of the last two years. They know light-dark(), which can't be spelt out for older ones, since the scheme
    // that it depends on is chosen while the page runs.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
  },
  // A test that needs a page says so at its top.
  test: { environment: "node", include: ["src/**/*.test.{ts,tsx}"], restoreMocks: true, unstubGlobals: true },
});
