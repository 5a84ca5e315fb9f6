"""What a generator of requests cannot know from openapi.yaml, or only from its words."""

import re
import uuid

import schemathesis

# Accounts that there are. A made-up id is hardly ever one of theirs.
bill_ids: list[str] = []


@schemathesis.hook
def after_call(_context, case, response):
    # Opened just now, or in an earlier run.
    if case.operation.label == "POST /payments/create/{user_id}" and response.status_code in (201, 409):
        bill_ids.append(response.json()["bill_id"])


@schemathesis.hook
def before_call(_context, case, _kwargs):
    use_real_account(case.path_parameters or {})
    use_fresh_key(case.headers or {})
    use_integer(case.body)


def use_real_account(parameters):
    """Of four ids that could be an account's, three are."""
    try:
        number = uuid.UUID(parameters.get("bill_id")).int
    except (AttributeError, TypeError, ValueError):
        return
    if bill_ids and number % 4:
        parameters["bill_id"] = bill_ids[number % len(bill_ids)]


def use_fresh_key(headers):
    """A key belongs to one request, and generated ones repeat."""
    if re.fullmatch(r"[!-~]{1,255}", str(headers.get("Idempotency-Key", ""))):
        headers["Idempotency-Key"] = str(uuid.uuid4())


def use_integer(body):
    """JSON Schema takes 10.0 for an integer; as an amount of money it is refused."""
    if isinstance(body, dict) and isinstance(amount := body.get("amount"), float) and amount.is_integer():
        body["amount"] = int(amount)
