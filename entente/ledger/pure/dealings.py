"""What files of invoices, payments, deliveries and interactions may say: fields, how each is read, and what columns are called."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from entente.ledger.pure import dealing_words
from entente.ledger.pure.headings import NAMES


@dataclass(frozen=True)
class Field:
    """One field of a kind of dealing. column: of its table, unless that is called like the field.

    reads: text, lines (a text of several lines), word (one of `words`), code (a known word becomes its code, others stay), day, moment,
    money, number or count.
    names: what its column is called, the surest first.
    longest: of a text. is_needed: no row without it. may_lie_ahead: a day that may be still to come.
    is_identity: too long a one is refused, not cut.
    """

    name: str
    reads: str
    names: tuple[str, ...]
    longest: int = 60
    column: str = ""
    is_needed: bool = False
    is_identity: bool = False
    may_lie_ahead: bool = False
    words: dealing_words.Words = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """number: the field that says which one a row is about. numbered_by: what a number is made of where there is no column for it.

    refers: fields that name something else in the ledger by its number -> orders or invoices.
    """

    name: str
    fields: tuple[Field, ...]
    number: str
    numbered_by: tuple[str, ...] = ()
    refers: Mapping[str, str] = field(default_factory=dict)

    @property
    def of_name(self) -> Mapping[str, Field]:
        return {each.name: each for each in self.fields}

    @property
    def has_money(self) -> bool:
        return any(each.reads == "money" for each in self.fields)

    def reading(self, *reads: str) -> tuple[str, ...]:
        """The fields that are read in one of these ways."""
        return tuple(each.name for each in self.fields if each.reads in reads)

    def needed(self) -> tuple[str, ...]:
        """Fields without which no file can be read."""
        return tuple(each.name for each in self.fields if each.is_needed)


def _number(name: str, names: tuple[str, ...], *, is_needed: bool = False) -> Field:
    return Field(name, "text", names, 120, is_needed=is_needed, is_identity=True)


_KEY = (
    "key", "id", "number", "no", "nummer", "nr", "kennung", "номер", "код", "شناسه", "شماره", "کد",
)  # fmt: skip
_ORDER = (
    "order number", "order no", "order id", "orderid", "order", "purchase order", "po number", "bestellnummer", "auftragsnummer",
    "auftrag",
    "bestellung", "номер заказа", "заказ", "شماره سفارش", "سفارش",
)  # fmt: skip
_INVOICE = (
    "invoice number", "invoice no", "invoiceno", "invoice id", "invoice", "bill number", "rechnungsnummer", "rechnung", "rechnungs nr",
    "номер счета", "номер накладной", "счет", "شماره فاکتور", "فاکتور",
)  # fmt: skip
_CUSTOMER = Field("customer", "text", NAMES["customer"], 120, "customer_key", is_identity=True)
_AMOUNT = Field(
    "amount", "money", (*NAMES["amount"], "gross amount", "paid", "zahlbetrag", "bruttobetrag"), is_needed=True
)
_CURRENCY = Field("currency", "text", NAMES["currency"], 12, is_identity=True)

INVOICES = Kind("invoices", (
    _number("number", (*_INVOICE, "document number", "belegnummer", *_KEY), is_needed=True),
    _CUSTOMER,
    _number("order_number", _ORDER),
    Field("kind", "word", ("kind", "invoice kind", "type", "invoice type", "document type", "art", "belegart", "тип", "вид", "نوع"),
          words=dealing_words.INVOICE_KINDS),
    Field("issued_on", "day", (
        "issued on", "invoice date", "invoicedate", "issue date", "date", "rechnungsdatum", "belegdatum", "datum", "дата счета", "дата",
        "تاریخ فاکتور", "تاریخ صدور", "تاریخ",
    ), is_needed=True),
    Field("due_on", "day", (
        "due on", "due date", "due", "payable by", "fällig am", "fälligkeit", "fälligkeitsdatum", "faellig am", "срок оплаты",
        "оплатить до",
        "سررسید", "تاریخ سررسید", "مهلت پرداخت",
    ), may_lie_ahead=True),
    _AMOUNT, _CURRENCY,
), number="number", refers={"order_number": "orders"})  # fmt: skip

PAYMENTS = Kind("payments", (
    _number("key", (
        "payment number", "payment no", "payment id", "transaction id", "transaction number", "reference", "receipt", "zahlungsnummer",
        "buchungsnummer", "номер платежа", "номер транзакции", "شماره پرداخت", "شماره تراکنش", "شماره پیگیری", *_KEY,
    )),
    _CUSTOMER,
    _number("invoice_number", _INVOICE),
    Field("paid_on", "day", (
        "paid on", "payment date", "paid at", "booking date", "value date", "date", "zahlungsdatum", "bezahlt am", "buchungsdatum",
        "datum",
        "дата платежа", "дата оплаты", "дата", "تاریخ پرداخت", "تاریخ",
    ), is_needed=True),
    _AMOUNT, _CURRENCY,
    Field("method", "text", (
        "method", "payment method", "paid by", "payment type", "zahlungsart", "zahlungsweise", "способ оплаты", "روش پرداخت",
        "نحوه پرداخت",
    )),
), number="key", numbered_by=("customer", "invoice_number", "paid_on", "amount", "currency"),
    refers={"invoice_number": "invoices"})  # fmt: skip

DELIVERIES = Kind("deliveries", (
    _number("number", (
        "delivery number", "delivery no", "delivery id", "shipment number", "shipment id", "delivery", "shipment", "tracking number",
        "consignment", "lieferscheinnummer", "lieferschein", "liefernummer", "sendungsnummer", "номер поставки", "номер отправления",
        "номер доставки", "شماره ارسال", "شماره مرسوله", "شماره حواله", *_KEY,
    ), is_needed=True),
    _CUSTOMER,
    _number("order_number", _ORDER),
    Field("promised_on", "day", (
        "promised on", "promised date", "promised", "expected on", "expected", "eta", "delivery due", "zugesagt am", "liefertermin",
        "wunschtermin", "обещано", "срок доставки", "плановая дата", "تاریخ وعده", "موعد تحویل",
    ), may_lie_ahead=True),
    Field("shipped_on", "day", (
        "shipped on", "ship date", "shipping date", "shipped", "dispatched on", "versanddatum", "versandt am", "versendet am",
        "дата отправки",
        "дата отгрузки", "отгружено", "تاریخ ارسال",
    )),
    Field("delivered_on", "day", (
        "delivered on", "delivery date", "delivered", "received on", "geliefert am", "zugestellt am", "lieferdatum", "дата доставки",
        "доставлено", "تاریخ تحویل",
    )),
    Field("quantity", "number", ("quantity", "qty", "parcels", "packages", "pieces", "menge", "anzahl", "pakete", "количество", "мест",
        "تعداد")),
    Field("carrier", "text", ("carrier", "shipper", "shipped by", "courier", "spediteur", "versender", "frachtführer", "zusteller",
        "перевозчик",
                              "курьер", "شرکت حمل", "حامل"), 100),
    Field("state", "word", ("state", "status", "delivery status", "zustand", "lieferstatus", "статус", "состояние", "وضعیت"),
          words=dealing_words.DELIVERY_STATES),
), number="number", refers={"order_number": "orders"})  # fmt: skip

INTERACTIONS = Kind("interactions", (
    _number("key", (
        "interaction id", "interaction number", "call id", "contact id", "ticket", "ticket number", "ticket id", "case number",
        "activity id",
        "vorgangsnummer", "ticketnummer", "номер обращения", "номер звонка", "شماره تماس", "شماره تیکت", *_KEY,
    )),
    Field("customer", "text", NAMES["customer"], 120, is_needed=True, is_identity=True),
    Field("at", "moment", (
        "at", "time", "date time", "datetime", "timestamp", "started at", "start", "created at", "call time", "date", "zeitpunkt", "zeit",
        "beginn", "datum", "дата и время", "время", "дата", "زمان", "تاریخ و ساعت", "تاریخ",
    ), is_needed=True),
    Field("kind", "word", ("kind", "type", "activity", "activity type", "interaction type", "art", "vorgangsart", "тип", "вид", "نوع"),
          words=dealing_words.INTERACTION_KINDS),
    Field("channel", "word", ("channel", "medium", "via", "kanal", "kontaktweg", "канал", "کانال"), words=dealing_words.CHANNELS),
    Field("purpose", "word", ("purpose", "category", "zweck", "anlass", "цель", "назначение", "هدف", "منظور"),
          words=dealing_words.PURPOSES),
    Field("direction", "word", ("direction", "in out", "richtung", "направление", "جهت"), is_needed=True,
          words=dealing_words.DIRECTIONS),
    Field("two_way", "word", ("two way", "is two way", "both spoke", "gespräch", "двусторонний", "دوسویه"), words=dealing_words.YES_OR_NO),
    Field("minutes", "count", ("minutes", "duration minutes", "duration in minutes", "minuten", "dauer in minuten", "минуты", "минут",
        "دقیقه")),
    Field("subject", "text", ("subject", "title", "topic", "betreff", "thema", "тема", "موضوع", "عنوان"), 250),
    Field("body", "lines", ("body", "notes", "note", "text", "details", "description", "comment", "notizen", "notiz", "beschreibung",
        "inhalt",
                            "текст", "описание", "комментарий", "متن", "شرح", "توضیحات"), 20_000),
    Field("outcome", "code", ("outcome", "result", "disposition", "ergebnis", "результат", "итог", "نتیجه"), 30,
          words=dealing_words.OUTCOMES),
    Field("settled_at", "moment", ("settled at", "resolved at", "closed at", "solved on", "erledigt am", "gelöst am", "решено", "закрыто",
                                   "زمان رسیدگی", "تاریخ رسیدگی")),
), number="key", numbered_by=("customer", "at", "kind", "direction"))  # fmt: skip

DEALINGS: Mapping[str, Kind] = {kind.name: kind for kind in (INVOICES, PAYMENTS, DELIVERIES, INTERACTIONS)}
