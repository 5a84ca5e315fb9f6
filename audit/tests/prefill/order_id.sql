-- The id of the n-th order: a UUID v7 of the n-th millisecond of 2024.
CREATE FUNCTION order_id(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(1704067200000 + n), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid
$$;
