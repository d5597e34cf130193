"""Kinds, channels, directions and states in the words that sources have for them: English, German, Russian, Persian."""

from collections.abc import Mapping

Words = Mapping[str, tuple[str, ...]]

INVOICE_KINDS: Words = {
    "invoice": ("invoice", "bill", "debit", "rechnung", "фактура", "счет", "счет фактура", "накладная", "فاکتور", "صورتحساب"),
    "credit_note": (
        "credit note", "credit memo", "credit", "cancellation", "refund", "gutschrift", "storno", "stornorechnung", "rechnungskorrektur",
        "кредит нота", "корректировочный счет", "возврат", "فاکتور برگشتی", "برگشت از فروش", "یادداشت بستانکار",
    ),
}  # fmt: skip
DELIVERY_STATES: Words = {
    "planned": (
        "planned", "open", "pending", "ordered", "in preparation", "geplant", "offen", "in bearbeitung", "запланирована", "ожидает",
        "в обработке", "برنامه ریزی شده", "در انتظار", "در حال آماده سازی",
    ),
    "shipped": (
        "shipped", "sent", "dispatched", "in transit", "on the way", "versandt", "versendet", "unterwegs", "отправлена", "отправлено",
        "отгружена", "отгружено", "в пути", "ارسال شده", "در راه",
    ),
    "delivered": (
        "delivered", "arrived", "completed", "done", "zugestellt", "geliefert", "angekommen", "доставлена", "доставлено", "получено",
        "تحویل شده", "تحویل داده شده",
    ),
    "returned": (
        "returned", "undeliverable", "refused", "zurück", "retour", "unzustellbar", "annahme verweigert", "возвращена", "возврат",
        "не доставлена", "مرجوع", "برگشت خورده",
    ),
    "cancelled": ("cancelled", "canceled", "storniert", "abgesagt", "отменена", "отменено", "لغو شده"),
}  # fmt: skip
INTERACTION_KINDS: Words = {
    "call": ("call", "phone call", "telephone", "phone", "anruf", "telefonat", "telefon", "звонок", "телефонный звонок", "تماس",
    "تماس تلفنی"),
    "mail": (
        "mail", "email", "e mail", "letter", "fax", "brief", "письмо", "эл почта", "электронное письмо", "почта", "ایمیل", "نامه",
    ),
    "visit": (
        "visit", "meeting", "appointment", "besuch", "termin", "treffen", "визит", "встреча", "посещение", "بازدید", "ملاقات", "جلسه",
    ),
    "complaint": ("complaint", "claim", "reklamation", "beschwerde", "жалоба", "рекламация", "претензия", "شکایت"),
    "note": ("note", "memo", "comment", "notiz", "vermerk", "заметка", "примечание", "комментарий", "یادداشت"),
    "message": (
        "message", "sms", "text message", "text", "chat", "messenger", "whatsapp", "telegram", "nachricht", "сообщение", "смс", "чат",
        "پیام",
        "پیامک", "چت",
    ),
}  # fmt: skip
CHANNELS: Words = {
    "phone": ("phone", "telephone", "call", "mobile", "telefon", "anruf", "телефон", "звонок", "تلفن", "تماس تلفنی"),
    "email": ("email", "e mail", "mail", "почта", "эл почта", "электронная почта", "ایمیل", "رایانامه"),
    "sms": ("sms", "text message", "text", "смс", "پیامک"),
    "messenger": ("messenger", "whatsapp", "telegram", "signal", "viber", "мессенджер", "پیام رسان", "واتساپ", "تلگرام"),
    "chat": ("chat", "live chat", "webchat", "чат", "چت", "گفتگوی زنده"),
    "letter": ("letter", "post", "brief", "письмо", "бумажное письмо", "نامه"),
    "fax": ("fax", "telefax", "факс", "فکس", "دورنگار"),
    "visit": ("visit", "meeting", "in person", "store", "besuch", "vor ort", "filiale", "визит", "встреча", "лично", "بازدید", "حضوری"),
    "portal": ("portal", "website", "web", "web form", "kundenportal", "webseite", "портал", "сайт", "پورتال", "وب سایت", "سایت"),
}  # fmt: skip
PURPOSES: Words = {
    "emergency": ("emergency", "recall", "notfall", "rückruf", "экстренно", "авария", "اضطراری"),
    "legal": ("legal", "recht", "rechtlich", "юридическое", "правовое", "حقوقی", "قانونی"),
    "transactional": (
        "transactional", "order", "delivery", "invoice", "payment", "about an order", "bestellung", "lieferung", "rechnung", "заказ",
        "доставка", "оплата", "سفارش", "تحویل", "پرداخت",
    ),
    "service": (
        "service", "support", "help", "question", "complaint", "kundendienst", "frage", "reklamation", "сервис", "поддержка",
        "обслуживание",
        "вопрос", "خدمات", "پشتیبانی", "سوال",
    ),
    "relationship": ("relationship", "care", "follow up", "beziehung", "betreuung", "kontaktpflege", "отношения", "رابطه", "پیگیری"),
    "marketing": (
        "marketing", "sales", "advertising", "promotion", "offer", "campaign", "newsletter", "werbung", "angebot", "vertrieb", "kampagne",
        "маркетинг", "продажи", "реклама", "предложение", "рассылка", "بازاریابی", "فروش", "تبلیغات",
    ),
    "survey": ("survey", "poll", "feedback", "umfrage", "befragung", "опрос", "نظرسنجی"),
}  # fmt: skip
DIRECTIONS: Words = {
    "outgoing": (
        "outgoing", "outbound", "out", "from us", "to customer", "sent", "ausgehend", "ausgang", "raus", "исходящий", "исходящее",
        "исходящая", "исх", "خروجی", "ارسالی", "از ما",
    ),
    "incoming": (
        "incoming", "inbound", "in", "from them", "from customer", "received", "eingehend", "eingang", "rein", "входящий", "входящее",
        "входящая", "вх", "ورودی", "دریافتی", "از مشتری",
    ),
}  # fmt: skip
YES_OR_NO: Words = {
    "yes": ("yes", "y", "true", "1", "x", "ja", "j", "wahr", "да", "بله", "آری"),
    "no": ("no", "n", "false", "0", "nein", "falsch", "нет", "خیر", "نه"),
}
# What the contact rules ask after; other outcomes stay as they are written.
OUTCOMES: Words = {
    "reached": ("reached", "answered", "connected", "spoken", "erreicht", "дозвонились", "ответил", "پاسخ داد"),
    "bought": ("bought", "ordered", "sale", "won", "bestellt", "gekauft", "verkauft", "купил", "заказал", "продажа", "خرید", "سفارش داد"),
    "promised": ("promised", "promised an order", "zugesagt", "versprochen", "обещал", "قول داد"),
    "question": ("question", "enquiry", "inquiry", "frage", "anfrage", "вопрос", "سوال"),
    "complained": ("complained", "complaint", "beschwerde", "reklamation", "жалоба", "شکایت"),
    "refused": ("refused", "no interest", "not interested", "declined", "abgelehnt", "kein interesse", "отказ", "не интересно", "رد کرد"),
    "no_answer": (
        "no answer", "not reached", "missed", "unanswered", "nicht erreicht", "keine antwort", "нет ответа", "не ответил", "بی پاسخ",
        "پاسخ نداد",
    ),
    "busy": ("busy", "besetzt", "занято", "مشغول"),
    "voicemail": ("voicemail", "answering machine", "left message", "left a message", "mailbox", "anrufbeantworter", "автоответчик",
    "پیغام گیر"),
    "wrong_number": ("wrong number", "falsche nummer", "неверный номер", "شماره اشتباه"),
}  # fmt: skip
# The channel of a kind that needs no naming, and the kind that a channel makes most likely.
CHANNEL_OF: Mapping[str, str] = {"call": "phone", "mail": "email", "visit": "visit"}
KIND_OF: Mapping[str, str] = {
    "phone": "call", "email": "mail", "letter": "mail", "fax": "mail", "visit": "visit", "sms": "message", "messenger": "message",
    "chat": "message", "portal": "message",
}  # fmt: skip
SPOKEN_KINDS = ("call", "visit")
UNANSWERED = ("no_answer", "busy", "voicemail", "wrong_number")
