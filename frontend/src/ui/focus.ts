/** The places that a single key leads to. */
export const FOCUS = {
  newOrder: "new-order-description",
  topUp: "top-up-amount",
  orders: "orders-list",
} as const;
