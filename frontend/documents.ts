import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Connect, Plugin } from "vite";
import { parse } from "yaml";

const root = join(import.meta.dirname, "..");

/**
 * Puts the documents of the interfaces beside the page: openapi.yaml, which is /swagger/doc.json as well,
 * asyncapi.yaml, and the events' schemas below /schemas. In development the files are answered as they
 * are at the moment.
 */
export function documents(): Plugin {
  const answer: Connect.NextHandleFunction = (request, response, next) => {
    const text = all().get((request.url ?? "").slice(1));
    if (text === undefined) next();
    else response.end(text);
  };
  return {
    name: "gozon-documents",
    configureServer: (server) => void server.middlewares.use(answer),
    generateBundle() {
      for (const [fileName, source] of all()) this.emitFile({ type: "asset", fileName, source });
    },
  };
}

/** Texts by their paths. */
function all(): Map<string, string> {
  const openapi = read("openapi.yaml");
  const schemas = readdirSync(join(root, "contracts/schemas"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(join(root, "contracts"), join(entry.parentPath, entry.name)));
  return new Map([
    ["openapi.yaml", openapi],
    ["swagger/doc.json", JSON.stringify(parse(openapi))],
    ["asyncapi.yaml", read("asyncapi.yaml")],
    ...schemas.map((path) => [path, read(join("contracts", path))] as const),
  ]);
}

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}
