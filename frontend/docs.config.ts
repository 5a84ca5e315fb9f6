import { defineConfig } from "vite";
import { documents } from "./documents.ts";

/** The documents, and the page that shows the API's. Built by themselves, so that the shop's page shares nothing with it. */
export default defineConfig({
  plugins: [documents()],
  publicDir: false,
  build: {
    emptyOutDir: false,
    assetsInlineLimit: 0,
    // Swagger UI comes whole.
    chunkSizeWarningLimit: 2000,
    rolldownOptions: { input: "docs/index.html" },
  },
});
