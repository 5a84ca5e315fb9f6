//! The tables, as diesel's query builder sees them; the migrations say what they mean.

diesel::table! {
    orders (id) {
        id -> Uuid,
        user_id -> Uuid,
        amount -> BigInt,
        description -> Text,
        status -> Text,
        cancel_reason -> Nullable<Text>,
        delivery_status -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        cancel_requested_at -> Nullable<Timestamptz>,
        decided_at -> Nullable<Timestamptz>,
        settled_at -> Nullable<Timestamptz>,
        refunded_at -> Nullable<Timestamptz>,
        shipped_at -> Nullable<Timestamptz>,
        delivered_at -> Nullable<Timestamptz>,
    }
}
