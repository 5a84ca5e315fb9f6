"""A gRPC client that knows nothing but what the servers say of themselves: it asks reflection for every message.

    python grpc_story.py GATEWAY ORDERS PAYMENTS URL     (each host:port by gRPC, and the gateway's URL by HTTP)
"""

import json
import sys
import unittest
import uuid
from urllib.request import Request, urlopen

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToDict
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

ORDERS = "gozon.orders.v1.OrdersService"
PAYMENTS = "gozon.payments.v1.PaymentsService"
HEALTH = "grpc.health.v1.Health"
# Longer than anything here takes.
TIMEOUT_SECONDS = 60


class Server:
    """What there is at an address."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(address)
        self.database = ProtoReflectionDescriptorDatabase(self.channel)
        self.pool = DescriptorPool(self.database)

    def services(self):
        return set(self.database.get_services())

    def call(self, service, method, request=None, metadata=()):
        """The answer as a dictionary, and the metadata that came with it."""
        answer, call = self._method(service, method).with_call(request or {}, TIMEOUT_SECONDS, metadata)
        return to_dict(answer), dict(call.initial_metadata())

    def watch(self, service, method, request):
        return map(to_dict, self._method(service, method)(request, TIMEOUT_SECONDS))

    def _method(self, service, method):
        found = self.pool.FindServiceByName(service).methods_by_name[method]
        request, answer = GetMessageClass(found.input_type), GetMessageClass(found.output_type)
        way = self.channel.unary_stream if found.server_streaming else self.channel.unary_unary
        return way(
            f"/{service}/{method}",
            request_serializer=lambda fields: request(**fields).SerializeToString(),
            response_deserializer=answer.FromString,
        )


def to_dict(message):
    return MessageToDict(message, preserving_proto_field_name=True)


class Story(unittest.TestCase):
    gateway: Server
    orders: Server
    payments: Server
    url: str

    def customer(self, amount):
        user = str(uuid.uuid4())
        account, _ = self.gateway.call(PAYMENTS, "CreateAccount", {"user_id": user})
        self.gateway.call(PAYMENTS, "Deposit", {"bill_id": account["bill_id"], "amount": amount})
        return user, account["bill_id"]

    def fails(self, code, reason, service, method, request, metadata=()):
        """Asserts that the call fails with this code, and with a google.rpc.ErrorInfo of this reason; returns its
        metadata."""
        with self.assertRaises(grpc.RpcError) as raised:
            self.gateway.call(service, method, request, metadata)
        self.assertEqual(raised.exception.code(), code, raised.exception)
        info = error_details_pb2.ErrorInfo()
        details = rpc_status.from_call(raised.exception).details
        self.assertTrue(any(detail.Unpack(info) for detail in details), details)
        self.assertEqual((info.domain, info.reason), ("gozon", reason))
        return dict(info.metadata)

    def test_every_service_tells_what_it_is_and_that_it_is_ready(self):
        for server in (self.gateway, self.orders, self.payments):
            self.assertLessEqual({ORDERS, PAYMENTS}, server.services())
        for server, name in ((self.orders, ORDERS), (self.payments, PAYMENTS)):
            for service in ("", name):
                self.assertEqual(server.call(HEALTH, "Check", {"service": service})[0], {"status": "SERVING"})

    def test_an_order_is_watched_until_it_is_paid(self):
        user, bill = self.customer(1000)
        updates = self.gateway.watch(ORDERS, "WatchOrders", {"user_id": user})
        self.assertIn("reset", next(updates))
        order, _ = self.gateway.call(
            ORDERS, "CreateOrder", {"user_id": user, "amount": 400, "description": "книга"}
        )
        self.assertEqual((order["status"], order["amount"]), ("ORDER_STATUS_NEW", "400"))
        told = [update for update in until_final(updates)]
        self.assertEqual({update["order"]["id"] for update in told}, {order["id"]})
        self.assertEqual(told[-1]["order"]["status"], "ORDER_STATUS_FINISHED")
        paid, _ = self.gateway.call(ORDERS, "GetOrder", {"order_id": order["id"]})
        self.assertEqual((paid["status"], paid["delivery_status"]), ("ORDER_STATUS_FINISHED", "DELIVERY_STATUS_PENDING"))
        self.assertEqual(paid["description"], "книга")

        account, _ = self.gateway.call(PAYMENTS, "GetBalance", {"bill_id": bill})
        self.assertEqual((account["balance"], account["user_id"]), ("600", user))
        ledger, _ = self.gateway.call(PAYMENTS, "ListTransactions", {"bill_id": bill})
        entries = [(entry["type"], entry["amount"], entry.get("order_id")) for entry in ledger["transactions"]]
        debit, credit = ("TRANSACTION_TYPE_DEBIT", "400", order["id"]), ("TRANSACTION_TYPE_CREDIT", "1000", None)
        self.assertEqual(entries, [debit, credit])

        # Whoever comes back is told what it missed, or to fetch everything.
        back = self.gateway.watch(ORDERS, "WatchOrders", {"user_id": user, "last_id": told[-1]["id"]})
        self.assertTrue({"resumed", "reset"} & next(back).keys())

    def test_a_list_leads_from_page_to_page(self):
        user, bill = self.customer(1)
        for amount in (2, 3, 4):
            self.gateway.call(PAYMENTS, "Deposit", {"bill_id": bill, "amount": amount})
        placed = [
            self.gateway.call(ORDERS, "CreateOrder", {"user_id": user, "amount": 1, "description": "x"})[0]["id"]
            for _ in range(3)
        ]
        orders = self.all_of(ORDERS, "ListOrders", {"user_id": user}, "orders")
        self.assertEqual([order["id"] for order in orders], placed[::-1])
        entries = self.all_of(PAYMENTS, "ListTransactions", {"bill_id": bill}, "transactions")
        credits = [entry["amount"] for entry in entries if entry["type"] == "TRANSACTION_TYPE_CREDIT"]
        self.assertEqual(credits, ["4", "3", "2", "1"])

    def all_of(self, service, method, request, items):
        found, token = [], ""
        while True:
            page, _ = self.gateway.call(service, method, {**request, "page_size": 1, "page_token": token})
            found += page[items]
            token = page.get("next_page_token", "")
            if not token:
                return found

    def test_a_call_sent_again_with_its_key_takes_effect_once(self):
        user = str(uuid.uuid4())
        key = (("idempotency-key", str(uuid.uuid4())),)
        calls = [(PAYMENTS, "CreateAccount", {"user_id": user})]
        bill = self.gateway.call(*calls[0], key)[0]["bill_id"]
        calls.append((PAYMENTS, "Deposit", {"bill_id": bill, "amount": 900}))
        calls.append((ORDERS, "CreateOrder", {"user_id": user, "amount": 5, "description": "x"}))
        for call in calls[1:]:
            _, metadata = self.gateway.call(*call, key)
            self.assertNotIn("idempotent-replayed", metadata)
        for call in calls:
            _, metadata = self.gateway.call(*call, key)
            self.assertEqual(metadata["idempotent-replayed"], "true", call)
        ledger, _ = self.gateway.call(PAYMENTS, "ListTransactions", {"bill_id": bill})
        credits = [entry for entry in ledger["transactions"] if entry["type"] == "TRANSACTION_TYPE_CREDIT"]
        self.assertEqual(len(credits), 1)
        another = {"bill_id": bill, "amount": 901}
        precondition = grpc.StatusCode.FAILED_PRECONDITION
        self.fails(precondition, "IDEMPOTENCY_KEY_REUSED", PAYMENTS, "Deposit", another, key)

    def test_a_key_belongs_to_what_is_done_and_not_to_the_way_in(self):
        user, key = str(uuid.uuid4()), str(uuid.uuid4())
        order = {"amount": 5, "description": "x"}
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        with urlopen(Request(f"{self.url}/orders/create/{user}", json.dumps(order).encode(), headers)) as answer:
            placed = json.load(answer)["id"]
        again, metadata = self.gateway.call(
            ORDERS, "CreateOrder", {"user_id": user, **order}, (("idempotency-key", key),)
        )
        self.assertEqual((again["id"], metadata["idempotent-replayed"]), (placed, "true"))

    def test_errors_say_what_is_wrong_in_details(self):
        user, bill = self.customer(1)
        nobody = str(uuid.uuid4())
        invalid, missing = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND
        exists = grpc.StatusCode.ALREADY_EXISTS
        self.assertEqual(
            self.fails(exists, "ACCOUNT_EXISTS", PAYMENTS, "CreateAccount", {"user_id": user}), {"bill_id": bill}
        )
        for amount in (0, -1, 10**12 + 1):
            self.fails(invalid, "INVALID_REQUEST", PAYMENTS, "Deposit", {"bill_id": bill, "amount": amount})
            order = {"user_id": user, "amount": amount, "description": "x"}
            self.fails(invalid, "INVALID_REQUEST", ORDERS, "CreateOrder", order)
        for description in ("", "x" * 1001, "a\0b"):
            order = {"user_id": user, "amount": 1, "description": description}
            self.fails(invalid, "INVALID_REQUEST", ORDERS, "CreateOrder", order)
        self.fails(invalid, "INVALID_REQUEST", ORDERS, "GetOrder", {"order_id": "x"})
        self.fails(invalid, "INVALID_QUERY", ORDERS, "ListOrders", {"user_id": user, "page_size": 201})
        self.fails(invalid, "INVALID_QUERY", ORDERS, "ListOrders", {"user_id": user, "page_token": "x"})
        self.fails(missing, "ORDER_NOT_FOUND", ORDERS, "GetOrder", {"order_id": nobody})
        self.fails(missing, "ACCOUNT_NOT_FOUND", PAYMENTS, "GetBalance", {"bill_id": nobody})
        key = (("idempotency-key", "a b"),)
        self.fails(invalid, "INVALID_IDEMPOTENCY_KEY", PAYMENTS, "CreateAccount", {"user_id": nobody}, key)
        ledger, _ = self.gateway.call(PAYMENTS, "ListTransactions", {"bill_id": bill})
        self.assertEqual(len(ledger["transactions"]), 1)
        self.assertEqual(self.gateway.call(ORDERS, "ListOrders", {"user_id": user})[0], {})

    def test_methods_that_there_are_not_are_unimplemented(self):
        for path in ("/gozon.orders.v1.OrdersService/DropTables", "/shop.v1.Shop/Buy"):
            call = self.gateway.channel.unary_unary(path)
            with self.assertRaises(grpc.RpcError) as raised:
                call(b"", TIMEOUT_SECONDS)
            self.assertEqual(raised.exception.code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_what_is_too_large_is_refused(self):
        with self.assertRaises(grpc.RpcError) as raised:
            self.gateway.call(ORDERS, "CreateOrder", {"user_id": "x" * 70_000})
        # By the gateway or by the service, whichever has it first.
        refusals = (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.OUT_OF_RANGE)
        self.assertIn(raised.exception.code(), refusals)


def until_final(updates):
    """The changes of orders, up to the first that ends one."""
    for update in updates:
        if "order" in update:
            yield update
            if update["order"]["status"] != "ORDER_STATUS_NEW":
                return


if __name__ == "__main__":
    Story.gateway, Story.orders, Story.payments = (Server(address) for address in sys.argv[1:4])
    Story.url = sys.argv[4]
    unittest.main(argv=sys.argv[:1], verbosity=2)
