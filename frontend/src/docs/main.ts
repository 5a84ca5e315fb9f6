/** The API's document, to be read and tried out. */

import "swagger-ui-dist/swagger-ui.css";
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import { apiBase } from "../config.ts";

const answer = await fetch("/swagger/doc.json");
const document = (await answer.json()) as Record<string, unknown>;

SwaggerUI({
  dom_id: "#docs",
  // What is tried out goes to this installation, wherever it is.
  spec: { ...document, servers: [{ url: apiBase() }] },
  deepLinking: true,
  // It would send the document's address elsewhere.
  validatorUrl: null,
});
