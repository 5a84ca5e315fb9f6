"""An account, a deposit, an order that is paid and one that is too expensive."""

import os
import sys
import uuid

import requests

from gozon import GozonClient, Problem


def main() -> None:
    gozon = GozonClient(os.environ.get("GOZON_URL", "http://localhost:8080"))
    user_id = str(uuid.uuid4())
    print(f"user {user_id}")

    bill_id = gozon.open_account(user_id)["bill_id"]
    print(f"account {bill_id}")
    print(f"deposited 500.00: the balance is {roubles(gozon.deposit(bill_id, 50_000)['balance'])}")

    for amount, description in [(12_345, "Coffee beans, 1 kg"), (5_000_000, "Grand piano")]:
        order = gozon.wait_until_final(gozon.place_order(user_id, amount, description)["id"])
        outcome = " ".join(filter(None, [order["status"], order["cancel_reason"]]))
        print(f"order {order['id']}, {description} for {roubles(amount)}: {outcome}")

    print(f"the balance is {roubles(gozon.account(bill_id)['balance'])}")


def roubles(kopecks: int) -> str:
    return f"{kopecks // 100}.{kopecks % 100:02}"


if __name__ == "__main__":
    try:
        main()
    except (Problem, TimeoutError, requests.RequestException) as error:
        sys.exit(f"error: {error}")
