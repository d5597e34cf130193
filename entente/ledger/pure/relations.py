"""What files of relations between customers may say; and every kind of facts whose fields are declared."""

from collections.abc import Mapping

from entente.ledger.pure import dealing_words
from entente.ledger.pure.dealings import DEALINGS, Field, Kind
from entente.ledger.pure.headings import NAMES

_KINDS: dealing_words.Words = {
    "distributes_to": ("distributes to", "supplies", "sells to", "beliefert", "поставляет", "توزیع می کند به"),
    "retails_for": ("retails for", "retailer of", "shop of", "händler von", "розничный продавец", "خرده فروش"),
    "employs": ("employs", "employer of", "beschäftigt", "нанимает", "کارفرمای"),
    "decides_for": ("decides for", "entscheidet für", "решает за", "تصمیم می گیرد برای"),
    "household": ("household", "lives with", "haushalt", "семья", "خانوار"),
    "group": ("group", "belongs to", "branch of", "subsidiary of", "gehört zu", "filiale von", "tochter von", "входит в", "филиал",
              "گروه", "شعبه"),
    "referred_by": ("referred by", "recommended by", "empfohlen von", "рекомендован", "معرفی شده توسط"),
    "partner": ("partner", "partner of", "partner von", "партнер", "شریک"),
    "alliance": ("alliance", "allied with", "allianz", "альянс", "اتحاد"),
}  # fmt: skip


def _text(name: str, names: tuple[str, ...], longest: int) -> Field:
    return Field(name, "text", (name.replace("_", " "), *names), longest, is_identity=True)


RELATIONS = Kind("relations", (
    Field("party", "text", ("party", "first", *NAMES["customer"]), 120, is_needed=True, is_identity=True),
    Field("kind", "word", ("kind", "relation", "type", "art", "beziehung", "отношение", "вид", "тип", "رابطه", "نوع"), is_needed=True,
          words=_KINDS),
    Field("other", "text", ("other", "second", "other customer", "anderer", "другой", "دیگری"), 120, is_needed=True, is_identity=True),
    Field("from", "day", ("from", "since", "valid from", "von", "seit", "gültig ab", "с", "начало", "از", "تاریخ شروع"),
          may_lie_ahead=True),
    Field("to", "day", ("to", "until", "valid to", "bis", "gültig bis", "по", "до", "конец", "تا", "تاریخ پایان"), may_lie_ahead=True),
    Field("review", "day", ("review", "review on", "prüfung", "пересмотр", "بازنگری"), may_lie_ahead=True),
    Field("amount", "number", NAMES["amount"]),
    Field("currency", "text", NAMES["currency"], 12, is_identity=True),
    Field("percent", "number", ("percent", "per cent", "share", "commission", "prozent", "provision", "процент", "درصد")),
    _text("share_of", ("of what", "wovon", "от чего"), 120),
    _text("due", ("payable", "fällig", "срок"), 120),
    _text("decided_by", ("decides", "entscheidet"), 250),
    _text("told", ("informed", "informiert"), 250),
    _text("contract", ("contract number", "vertrag", "vertragsnummer", "договор", "قرارداد"), 80),
    _text("notice", ("notice period", "kündigung", "kündigungsfrist"), 120),
    Field("notes", "lines", ("notes", "note", "comment", "notizen", "notiz", "комментарий", "توضیحات"), 20_000, is_identity=True),
    _text("evidence", ("proof", "beleg", "nachweis"), 250),
), number="")  # fmt: skip

DECLARED: Mapping[str, Kind] = {**DEALINGS, RELATIONS.name: RELATIONS}
