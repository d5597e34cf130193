"""Which column is which? Common names in English, German, Russian and Persian."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

# Field -> names, the surest first. The order of the fields is the order of choosing.
NAMES: dict[str, tuple[str, ...]] = {
    "order_number": (
        "order number", "order no", "order id", "orderid", "invoice number", "invoice no", "invoiceno", "invoice id", "invoice", "order",
        "receipt", "transaction id", "bestellnummer", "auftragsnummer", "rechnungsnummer", "belegnummer", "номер заказа", "заказ",
        "номер счета", "номер накладной", "شماره سفارش", "سفارش", "شماره فاکتور", "فاکتور",
    ),
    "ordered_at": (
        "order date", "ordered at", "order time", "invoice date", "invoicedate", "purchase date", "created at", "date", "datetime",
        "timestamp", "day", "bestelldatum", "auftragsdatum", "rechnungsdatum", "belegdatum", "datum", "дата заказа", "дата покупки",
        "дата", "تاریخ سفارش", "تاریخ فاکتور", "تاریخ",
    ),
    "customer": (
        "customer id", "customerid", "customer number", "customer no", "client id", "account number", "customer", "client", "cust",
        "buyer", "kundennummer", "kunden nr", "kunde", "код клиента", "номер клиента", "клиент", "покупатель", "کد مشتری",
        "شماره مشتری", "مشتری",
    ),
    "customer_name": (
        "customer name", "client name", "name", "company", "company name", "kundenname", "firma", "имя клиента", "имя", "фио",
        "название", "организация", "نام مشتری", "نام",
    ),
    "email": ("email", "e mail", "email address", "mail", "e mail adresse", "почта", "электронная почта", "эл почта", "ایمیل", "رایانامه"),
    "phone": ("phone", "phone number", "telephone", "mobile", "tel", "telefon", "telefonnummer", "телефон", "تلفن", "موبایل", "شماره تلفن"),
    "country": ("country", "country code", "land", "страна", "کشور"),
    "city": ("city", "town", "stadt", "ort", "город", "شهر"),
    "postcode": ("postcode", "postal code", "zip", "zip code", "plz", "postleitzahl", "индекс", "почтовый индекс", "کد پستی"),
    "address": ("address", "street", "adresse", "straße", "strasse", "адрес", "آدرس", "نشانی"),
    "segment": ("segment", "customer type", "customer group", "kundengruppe", "сегмент", "тип клиента", "گروه مشتری"),
    "kind": ("kind", "party kind"),
    "product_code": (
        "product code", "stock code", "stockcode", "sku", "product id", "item id", "item code", "item no", "article", "artikelnummer",
        "artikel nr", "артикул", "код товара", "کد کالا", "کد محصول",
    ),
    "product_name": (
        "product name", "description", "product", "item", "item name", "artikel", "bezeichnung", "produkt", "наименование",
        "товар", "название товара", "نام کالا", "کالا", "محصول", "شرح",
    ),
    "category": ("category", "product category", "product group", "kategorie", "warengruppe", "категория",
    "группа товаров", "دسته", "گروه کالا"),
    "unit_cost": ("unit cost", "cost", "cost price", "einstandspreis", "einkaufspreis", "себестоимость",
    "закупочная цена", "بهای تمام شده"),
    "quantity": ("quantity", "qty", "units", "menge", "anzahl", "количество", "кол во", "تعداد", "مقدار"),
    "unit_price": ("unit price", "unitprice", "price", "price per unit", "einzelpreis", "stückpreis", "preis",
    "цена", "цена за единицу", "قیمت واحد", "قیمت", "فی"),
    "amount": (
        "amount", "line total", "total", "line amount", "sales", "revenue", "value", "net amount", "betrag", "gesamtpreis", "summe",
        "umsatz", "сумма", "стоимость", "итого", "مبلغ", "مبلغ کل", "جمع",
    ),
    "currency": ("currency", "currency code", "währung", "waehrung", "валюта", "ارز", "واحد پول"),
}  # fmt: skip

# The fields of a party, in the same way.
PARTY_NAMES: dict[str, tuple[str, ...]] = {
    "key": (
        "key", "party key", "customer id", "customer number", "customer no", "client id", "account number", "party id", "contact id",
        "record id", "rec id", "id", "number", "kundennummer", "kunden nr", "kontonummer", "код клиента", "номер клиента", "код",
        "کد مشتری", "شماره مشتری", "کد",
    ),
    "kind": ("kind", "party kind", "customer kind"),
    "given_name": ("given name", "first name", "firstname", "forename", "vorname", "имя", "نام کوچک"),
    "family_name": ("family name", "last name", "lastname", "surname", "nachname", "familienname", "фамилия", "نام خانوادگی"),
    "name": (
        "name", "full name", "customer name", "client name", "company", "company name", "kundenname", "firma", "фио", "название",
        "организация", "имя клиента", "نام مشتری", "نام", "نام شرکت",
    ),
    "segment": NAMES["segment"],
    "email": NAMES["email"],
    "phone": NAMES["phone"],
    "address": NAMES["address"],
    "house_number": ("house number", "house no", "street number", "hausnummer", "номер дома", "дом", "پلاک"),
    "postcode": NAMES["postcode"],
    "city": (*NAMES["city"], "suburb"),
    "subdivision": ("subdivision", "state", "province", "region", "bundesland", "область", "регион", "استان"),
    "country": NAMES["country"],
    "language": ("language", "preferred language", "sprache", "язык", "زبان"),
    "zone": ("zone", "time zone", "timezone", "zeitzone", "часовой пояс", "منطقه زمانی"),
    "birth_date": (
        "birth date", "birthdate", "date of birth", "born on", "birthday", "dob", "geburtsdatum", "geburtstag", "дата рождения",
        "تاریخ تولد",
    ),
    "tax_id": ("tax id", "tax number", "vat number", "vat id", "ust id", "ustid", "steuernummer", "инн", "کد ملی", "شناسه ملی"),
    "known_on": ("known on", "customer since", "created on", "created at", "kunde seit", "angelegt am", "дата регистрации", "تاریخ ثبت"),
}  # fmt: skip


def propose(
    heading: Sequence[str], fields: Mapping[str, Sequence[str]] = NAMES
) -> tuple[dict[str, int], dict[str, tuple[int, ...]]]:
    """Field -> position, for columns that are named as one expects; and the fields that several columns could be."""
    plain = [plain_name(name) for name in heading]
    chosen: dict[str, int] = {}
    unclear: dict[str, tuple[int, ...]] = {}
    for field, names in fields.items():
        for name in names:
            places = tuple(place for place, found in enumerate(plain) if found == name and place not in chosen.values())
            if len(places) == 1:
                chosen[field] = places[0]
            elif places:
                unclear[field] = places
            if places:
                break
    return chosen, unclear


def plain_name(name: str) -> str:
    """InvoiceNo, invoice_no, Invoice-No. -> invoice no."""
    name = unicodedata.normalize("NFKC", name).replace("ي", "ی").replace("ك", "ک")
    name = re.sub(r"(?<=[a-zа-я])(?=[A-ZА-Я])", " ", name)
    return " ".join(re.findall(r"[^\W_]+", name.lower()))
