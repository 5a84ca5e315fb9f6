import { expect, it } from "vitest";
import { baseFor } from "./config.ts";

const page = { origin: "http://shop.local:3000", protocol: "http:", hostname: "shop.local" };

it.each([
  [undefined, "http://shop.local:3000"],
  ["", "http://shop.local:3000"],
  [":8080", "http://shop.local:8080"],
  ["https://api.example.org", "https://api.example.org"],
  ["https://api.example.org/", "https://api.example.org"],
])("finds the API for the setting %j", (setting, base) => {
  expect(baseFor(setting, page)).toBe(base);
});
