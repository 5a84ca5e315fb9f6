import * as v from "valibot";
import { expect, it } from "vitest";
import { depositSchema, MAX_DESCRIPTION, orderSchema, userSchema } from "./schemas.ts";

const refusalsOf = (schema: v.GenericSchema, values: object) =>
  v.safeParse(schema, values).issues?.map(({ message, path }) => [path?.[0]?.key, message]) ?? [];

it("what was typed becomes what the API takes", () => {
  expect(v.parse(orderSchema, { description: " Tea ", amount: "1 234,50" })).toEqual({
    description: "Tea",
    amount: 123_450,
  });
  expect(v.parse(userSchema, { userId: " 6F1C2D3E-4B5A-4C7D-8E9F-0A1B2C3D4E5F" })).toEqual({
    userId: "6f1c2d3e-4b5a-4c7d-8e9f-0a1b2c3d4e5f",
  });
});

it("each field says by itself why it was refused", () => {
  expect(refusalsOf(orderSchema, { description: " ", amount: "0" })).toEqual([
    ["description", "description_missing"],
    ["amount", "amount_not_positive"],
  ]);
  expect(refusalsOf(depositSchema, { amount: "a lot" })).toEqual([["amount", "amount_missing"]]);
  expect(refusalsOf(userSchema, { userId: "me" })).toEqual([["userId", "user_id_invalid"]]);
});

it("a description is as long as the API counts it: by characters, not by UTF-16 units", () => {
  const longest = "🍵".repeat(MAX_DESCRIPTION);
  expect(refusalsOf(orderSchema, { description: longest, amount: "1" })).toEqual([]);
  expect(refusalsOf(orderSchema, { description: `${longest}🍵`, amount: "1" })).toEqual([
    ["description", "description_too_long"],
  ]);
});
