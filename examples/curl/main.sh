#!/usr/bin/env bash
# An account, a deposit, an order that is paid and one that is too expensive, with nothing but bash and curl.
set -euo pipefail

GOZON_URL=${GOZON_URL:-http://localhost:8080}
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

uuid() { cat /proc/sys/kernel/random/uuid; }

# A field of the last answer, a text or a number; nothing if it is null.
field() { sed -nE "s/.*\"$1\":\"([^\"]*)\".*/\1/p; t; s/.*\"$1\":([0-9]*).*/\1/p" "$answer"; }

roubles() { printf '%d.%02d' $(($1 / 100)) $(($1 % 100)); }

fail() {
    echo "error: $*" >&2
    exit 1
}

# Sends a request until it is answered. curl repeats it as it was when the connection breaks or is refused, when no answer
# comes in time, and after errors that pass, such as 502, 503 and 504: when Retry-After says, or after 1, 2, 4, … seconds.
# What is refused is not sent again. The answer goes to a file, because curl empties that before it tries again.
send() {
    local status
    status=$(curl --silent --max-time 10 --retry 5 --retry-all-errors --output "$answer" --write-out '%{http_code}' "$@") ||
        fail "$GOZON_URL does not answer"
    [[ $status == 2* ]] || fail "$status $(field code): $(field detail)"
}

get() { send "$GOZON_URL$1"; }

# One key for what is to be done, however often it has to be sent: it takes effect once.
post() {
    send --header "Idempotency-Key: $(uuid)" --header 'Content-Type: application/json' --data "${2-}" "$GOZON_URL$1"
}

# An order, and what becomes of it.
order() {
    local amount=$1 description=$2 id reason
    post "/orders/create/$user" "{\"amount\": $amount, \"description\": \"$description\"}"
    id=$(field id)
    for _ in {1..300}; do
        get "/orders/status/$id"
        [[ $(field status) == NEW ]] || break
        sleep 0.1
    done
    reason=$(field cancel_reason)
    echo "order $id, $description for $(roubles "$amount"): $(field status)${reason:+ $reason}"
}

user=$(uuid)
echo "user $user"

post "/payments/create/$user"
bill=$(field bill_id)
echo "account $bill"
post "/payments/add/$bill" '{"amount": 50000}'
echo "deposited 500.00: the balance is $(roubles "$(field balance)")"

order 12345 "Coffee beans, 1 kg"
order 5000000 "Grand piano"

get "/payments/balance/$bill"
echo "the balance is $(roubles "$(field balance)")"
