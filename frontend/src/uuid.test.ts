import { expect, it } from "vitest";
import { parseUuid, randomUuid } from "./uuid.ts";

it("makes a version 4 UUID without crypto.randomUUID, as on an insecure origin", () => {
  const zeros = randomUuid({ getRandomValues: (bytes) => bytes });
  expect(zeros).toBe("00000000-0000-4000-8000-000000000000");

  const insecure = { getRandomValues: crypto.getRandomValues.bind(crypto) };
  const ids = Array.from({ length: 100 }, () => randomUuid(insecure));
  expect(new Set(ids).size).toBe(100);
  for (const id of ids) expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
});

it("takes a UUID as pasted and refuses anything else", () => {
  expect(parseUuid(" 6F1C2D3E-4B5A-4C7D-8E9F-0A1B2C3D4E5F\n")).toBe("6f1c2d3e-4b5a-4c7d-8e9f-0a1b2c3d4e5f");
  for (const text of ["", "me", "6f1c2d3e4b5a4c7d8e9f0a1b2c3d4e5f", "6f1c2d3e-4b5a-4c7d-8e9f-0a1b2c3d4e5g"]) {
    expect(parseUuid(text)).toBeNull();
  }
});
