"""A client of Gozon's HTTP API. Whatever happens to a request, or to its answer, it takes effect once.

A client whose connection breaks cannot know whether its request was served. So each thing that is to be done gets one
Idempotency-Key of its own, and is sent with that same key until an answer arrives; the service recognises it.
"""

from __future__ import annotations

import random
import time
import uuid
from typing import Any, Literal, TypedDict

import requests

ATTEMPTS = 6
TIMEOUT_SECONDS = 10.0
# The first pause is at most this long, and each later one at most twice as long as the one before.
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
POLL_SECONDS = 0.1

# No answer arrived, so that the outcome is unknown.
LOST = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
# Passing troubles. Any other error would only come again.
PASSING = (502, 503, 504)


class Account(TypedDict):
    bill_id: str
    user_id: str
    balance: int


class Order(TypedDict):
    id: str
    amount: int
    description: str
    status: Literal["NEW", "FINISHED", "CANCELLED"]
    cancel_reason: str | None


class Problem(Exception):
    """A request was refused. `code` is made for programs, the text for people (RFC 9457)."""

    def __init__(self, answer: requests.Response) -> None:
        is_problem = answer.headers.get("Content-Type") == "application/problem+json"
        document: dict[str, Any] = answer.json() if is_problem else {}
        self.status = answer.status_code
        self.code: str = document.get("code", "unknown")
        super().__init__(f"{self.status} {self.code}: {document.get('detail', answer.text[:200])}")


class GozonClient:
    """Amounts are in kopecks: 12345 is 123.45 roubles."""

    def __init__(self, base_url: str = "http://localhost:8080") -> None:
        self._base_url = base_url.rstrip("/")
        self._http = requests.Session()

    def open_account(self, user_id: str) -> Account:
        account: Account = self._post(f"/payments/create/{user_id}")
        return account

    def deposit(self, bill_id: str, amount: int) -> Account:
        account: Account = self._post(f"/payments/add/{bill_id}", {"amount": amount})
        return account

    def account(self, bill_id: str) -> Account:
        account: Account = self._send("GET", f"/payments/balance/{bill_id}")
        return account

    def place_order(self, user_id: str, amount: int, description: str) -> Order:
        """The order is NEW: it is paid, or cancelled, a moment later."""
        order: Order = self._post(f"/orders/create/{user_id}", {"amount": amount, "description": description})
        return order

    def order(self, order_id: str) -> Order:
        order: Order = self._send("GET", f"/orders/status/{order_id}")
        return order

    def wait_until_final(self, order_id: str, timeout_seconds: float = 30.0) -> Order:
        """The order, once it is FINISHED or CANCELLED."""
        deadline = time.monotonic() + timeout_seconds
        while (order := self.order(order_id))["status"] == "NEW":
            if time.monotonic() > deadline:
                raise TimeoutError(f"order {order_id} is still NEW after {timeout_seconds} s")
            time.sleep(POLL_SECONDS)
        return order

    def _post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        # One key for what is to be done, however often it has to be sent.
        return self._send("POST", path, body, {"Idempotency-Key": str(uuid.uuid4())})

    def _send(
        self, method: str, path: str, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> Any:
        attempt = 1
        while True:
            retry_after = 0.0
            try:
                answer = self._http.request(
                    method, self._base_url + path, json=body, headers=headers, timeout=TIMEOUT_SECONDS
                )
                if answer.ok:
                    return answer.json()
                if answer.status_code not in PASSING or attempt == ATTEMPTS:
                    raise Problem(answer)
                retry_after = seconds(answer.headers.get("Retry-After"))
            except LOST:
                if attempt == ATTEMPTS:
                    raise
            time.sleep(retry_after + jitter(attempt))
            attempt += 1


def jitter(attempt: int) -> float:
    """A random part of a pause that doubles, so that clients that failed together do not come back together."""
    return random.uniform(0, min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (attempt - 1)))


def seconds(retry_after: str | None) -> float:
    return float(retry_after) if retry_after and retry_after.isdigit() else 0.0
