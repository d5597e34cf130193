"""The fields of a file of each kind, as the page on columns speaks of them."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from entente.identify.relations_models import Relation
from entente.ledger.models import Channel, Delivery, Interaction, Invoice, Purpose

ORDERS: dict[str, Promise] = {
    "order_number": gettext_lazy("Order number"),
    "ordered_at": gettext_lazy("Date of the order"),
    "customer": gettext_lazy("Customer’s number"),
    "customer_name": gettext_lazy("Customer’s name"),
    "email": gettext_lazy("E-mail address"),
    "phone": gettext_lazy("Phone"),
    "country": gettext_lazy("Country"),
    "city": gettext_lazy("City"),
    "postcode": gettext_lazy("Postcode"),
    "address": gettext_lazy("Address"),
    "segment": gettext_lazy("Customer group"),
    "kind": gettext_lazy("Person or organisation"),
    "product_code": gettext_lazy("Product code"),
    "product_name": gettext_lazy("Product name"),
    "category": gettext_lazy("Product category"),
    "unit_cost": gettext_lazy("Cost of one"),
    "quantity": gettext_lazy("Quantity"),
    "unit_price": gettext_lazy("Price of one"),
    "amount": gettext_lazy("Amount of the line"),
    "currency": gettext_lazy("Currency"),
}
PARTIES: dict[str, Promise] = {
    **ORDERS,
    "key": gettext_lazy("Number in the source"),
    "name": gettext_lazy("Name"),
    "given_name": gettext_lazy("Given name"),
    "family_name": gettext_lazy("Family name"),
    "house_number": gettext_lazy("House number"),
    "subdivision": gettext_lazy("Part of the country"),
    "language": gettext_lazy("Language"),
    "zone": gettext_lazy("Time zone"),
    "birth_date": gettext_lazy("Date of birth"),
    "tax_id": gettext_lazy("Tax number"),
    "known_on": gettext_lazy("Known since"),
}
DEALINGS: dict[str, Promise] = {
    "customer": ORDERS["customer"],
    "order_number": ORDERS["order_number"],
    "amount": gettext_lazy("Amount"),
    "currency": ORDERS["currency"],
}
INVOICES: dict[str, Promise] = {
    **DEALINGS,
    "number": gettext_lazy("Invoice number"),
    "kind": gettext_lazy("Invoice or credit note"),
    "issued_on": gettext_lazy("Date of the invoice"),
    "due_on": gettext_lazy("To be paid by"),
}
PAYMENTS: dict[str, Promise] = {
    **DEALINGS,
    "key": gettext_lazy("Payment number"),
    "invoice_number": gettext_lazy("Invoice number"),
    "paid_on": gettext_lazy("Date of the payment"),
    "method": gettext_lazy("Way of paying"),
}
DELIVERIES: dict[str, Promise] = {
    **DEALINGS,
    "number": gettext_lazy("Delivery number"),
    "promised_on": gettext_lazy("Promised for"),
    "shipped_on": gettext_lazy("Shipped on"),
    "delivered_on": gettext_lazy("Delivered on"),
    "quantity": gettext_lazy("Quantity"),
    "carrier": gettext_lazy("Carrier"),
    "state": gettext_lazy("State"),
}
INTERACTIONS: dict[str, Promise] = {
    "customer": ORDERS["customer"],
    "key": gettext_lazy("Number of the contact"),
    "at": gettext_lazy("Date and time"),
    "kind": gettext_lazy("Kind of contact"),
    "channel": gettext_lazy("Channel"),
    "purpose": gettext_lazy("Purpose"),
    "direction": gettext_lazy("From us or from them"),
    "two_way": gettext_lazy("Both spoke"),
    "minutes": gettext_lazy("Minutes"),
    "subject": gettext_lazy("Subject"),
    "body": gettext_lazy("Text"),
    "outcome": gettext_lazy("Outcome"),
    "settled_at": gettext_lazy("Complaint settled on"),
}
RELATIONS: dict[str, Promise] = {
    "party": ORDERS["customer"],
    "kind": gettext_lazy("How they relate"),
    "other": gettext_lazy("Number of the other customer"),
    "from": gettext_lazy("First day"),
    "to": gettext_lazy("Last day"),
    "review": gettext_lazy("To be looked at again on"),
    "amount": DEALINGS["amount"],
    "currency": ORDERS["currency"],
    "percent": gettext_lazy("Per cent"),
    "share_of": gettext_lazy("Per cent of what"),
    "due": gettext_lazy("When it is due"),
    "decided_by": gettext_lazy("Who decides"),
    "told": gettext_lazy("Who is told"),
    "contract": gettext_lazy("Number of the contract"),
    "notice": gettext_lazy("Notice"),
    "notes": gettext_lazy("Notes"),
    "evidence": gettext_lazy("Where it can be looked up"),
}
LABELS_OF = {
    "orders": ORDERS, "parties": PARTIES, "invoices": INVOICES, "payments": PAYMENTS, "deliveries": DELIVERIES,
    "interactions": INTERACTIONS, "relations": RELATIONS,
}  # fmt: skip
# The most important first; the others follow in the order of the ledger.
ORDER_OF = {
    "orders": ("customer", "ordered_at", "amount", "quantity", "unit_price", "order_number", "currency"),
    "parties": ("key", "kind", "name", "given_name", "family_name", "email", "phone"),
}
LEAD_OF = {
    "orders": gettext_lazy("Needed: customer, date, and an amount or quantity and price."),
    "parties": gettext_lazy("Needed: the number under which the source knows each of them."),
    "invoices": gettext_lazy(
        "Needed: number, date and amount. Order and customer are found by their numbers in the same source."
    ),
    "payments": gettext_lazy(
        "Needed: date and amount. Invoice and customer are found by their numbers in the same source."
    ),
    "deliveries": gettext_lazy("Needed: the number. Order and customer are found by their numbers in the same source."),
    "interactions": gettext_lazy("Needed: customer, time, direction, and the kind of contact or its channel."),
    "relations": gettext_lazy(
        "Needed: both customers by their numbers in the source, which knows them already, and how they relate."
    ),
}
# What may hold for every row of a file that has no column for it: field -> value -> words.
CONSTANTS_OF: dict[str, dict[str, dict[str, Promise | str]]] = {
    "interactions": {
        "direction": {"outgoing": gettext_lazy("from us"), "incoming": gettext_lazy("from them")},
        "kind": dict(Interaction.Kind.choices),
        "channel": dict(Channel.choices),
        "purpose": dict(Purpose.choices),
    },
    "relations": {"kind": dict(Relation.Kind.choices)},
}
# The words of the ledger in the first rows of a dry run.
VALUES: dict[str, Promise | str] = {
    "sale": gettext_lazy("sale"), "return": gettext_lazy("return"), "charge": gettext_lazy("charge"),
    "person": gettext_lazy("person"), "organisation": gettext_lazy("organisation"), "unknown": gettext_lazy("unknown"),
    "outgoing": gettext_lazy("from us"), "incoming": gettext_lazy("from them"), "yes": gettext_lazy("yes"), "no": gettext_lazy("no"),
    **dict(Invoice.Kind.choices), **dict(Delivery.State.choices), **dict(Interaction.Kind.choices), **dict(Channel.choices),
    **dict(Purpose.choices), **dict(Relation.Kind.choices),
}  # fmt: skip
# Fields whose values are of these words.
WORDS = ("kind", "state", "channel", "purpose", "direction", "two_way")
