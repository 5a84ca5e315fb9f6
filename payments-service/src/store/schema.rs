//! The tables, as diesel's query builder sees them; the migrations say what they mean.

diesel::table! {
    accounts (id) {
        id -> Uuid,
        user_id -> Uuid,
        balance -> BigInt,
        version -> BigInt,
        idempotency_key -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    transactions (id) {
        id -> BigInt,
        account_id -> Uuid,
        amount -> BigInt,
        #[sql_name = "type"]
        kind -> Text,
        reference_order_id -> Nullable<Uuid>,
        balance_after -> BigInt,
        version -> BigInt,
        idempotency_key -> Nullable<Text>,
        created_at -> Timestamptz,
    }
}
