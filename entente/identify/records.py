"""What sources wrote of people and organisations, as columns the law of identity reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entente.identify.models import SourceTrust, Verified
from entente.identify.pure.blocking import ORGANISATION_RULES, PERSON_RULES, Rule
from entente.identify.pure.coded import MISSING, Coded
from entente.identify.pure.comparisons import ORGANISATION, PERSON, Field
from entente.identify.pure.organisations import looks_like_organisation
from entente.identify.pure.readings import Readings, read_organisations, read_people
from entente.ledger.models import Party
from entente.warehouse.extract import Extract

Ints = NDArray[np.int64]
PEOPLE, ORGANISATIONS = Party.Kind.PERSON.value, Party.Kind.ORGANISATION.value
FIELDS: Mapping[str, tuple[Field, ...]] = {PEOPLE: PERSON, ORGANISATIONS: ORGANISATION}
RULES: Mapping[str, tuple[Rule, ...]] = {PEOPLE: PERSON_RULES, ORGANISATIONS: ORGANISATION_RULES}
READ = {PEOPLE: read_people, ORGANISATIONS: read_organisations}

# field of the law: how it stands in a party.
WRITTEN = {
    "name": "name", "given_name": "given_name", "family_name": "family_name", "email": "email",
    "phone": "CASE WHEN phone_e164 <> '' THEN phone_e164 ELSE phone END", "street": "address", "house_number": "house_number",
    "postcode": "postcode", "city": "city", "country": "country", "tax_id": "tax_id", "born_on": "coalesce(born_on::VARCHAR, '')",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Records:
    """The records of one kind. parties: (n,) their numbers, rising; is_claimed: (n,) what they say of themselves is not verified."""

    kind: str
    parties: Ints
    is_claimed: NDArray[np.bool_]
    readings: Readings

    def __len__(self) -> int:
        return len(self.parties)

    @property
    def fields(self) -> tuple[Field, ...]:
        return FIELDS[self.kind]

    @property
    def rules(self) -> tuple[Rule, ...]:
        return RULES[self.kind]


def read_records(columns: Extract, parties: Sequence[int] | None = None) -> dict[str, Records]:
    """All parties, or some of them, by kind: people and organisations. Of whom nothing says which, the name is asked."""
    written = ", ".join(f"{sql} AS {name}" for name, sql in WRITTEN.items())
    # Nothing is left of whoever was erased that could be compared; their records stay together as they are.
    some = "" if parties is None else "AND id IN (SELECT unnest($some))"
    claimed = list(SourceTrust.objects.filter(is_claimed=True).values_list("source_id", flat=True))
    table = columns.table(
        f"""
        SELECT id, kind, list_contains($claimed::BIGINT[], source_id) AS is_claimed, {written}
        FROM pg.{Party._meta.db_table} WHERE erased_at IS NULL {some} ORDER BY id
        """,
        {"claimed": claimed} | ({} if parties is None else {"some": list(parties)}),
    )
    numbers = table["id"].to_numpy().astype(np.int64)
    texts = {name: _numbered(table[name]) for name in WRITTEN}
    firm = _are_organisations(_numbered(table["kind"]), texts["name"])
    is_claimed = table["is_claimed"].to_numpy().astype(np.bool_)
    return {
        kind: Records(
            kind,
            numbers[rows],
            is_claimed[rows],
            READ[kind]({name: _of_rows(column, rows) for name, column in texts.items()}),
        )
        for kind, rows in ((PEOPLE, np.flatnonzero(~firm)), (ORGANISATIONS, np.flatnonzero(firm)))
    }


def verified_values(parties: Sequence[int]) -> set[tuple[int, str, str]]:
    """(party, field, value) of what holders of these records have proved to be theirs."""
    rows = Verified.objects.filter(party__in=parties).values_list("party_id", "field", "value")
    return set(rows)


def _are_organisations(kind: Coded, name: Coded) -> NDArray[np.bool_]:
    kinds = np.array([*kind.values, ""])[kind.code]
    of_name = np.array([*map(looks_like_organisation, name.values), False])
    found: NDArray[np.bool_] = (kinds == ORGANISATIONS) | ((kinds != PEOPLE) & of_name[name.code])
    return found


def _of_rows(column: Coded, rows: Ints) -> Coded:
    """The same of some rows, without the values that none of them holds."""
    code = column.code[rows]
    held, place = np.unique(code[code != MISSING], return_inverse=True)
    out = np.full(len(rows), MISSING, np.int32)
    out[code != MISSING] = place
    return Coded(out, tuple(column.values[value] for value in held.tolist()))


def _numbered(column: Any) -> Coded:
    """A column of texts of Arrow's; the empty text is no value."""
    whole = column.dictionary_encode().unify_dictionaries().combine_chunks()
    values = whole.dictionary.to_pylist()
    code = whole.indices.fill_null(MISSING).to_numpy(zero_copy_only=False).astype(np.int32)
    if "" in values:
        code = np.where(code == values.index(""), MISSING, code).astype(np.int32)
    return Coded(code, tuple(values))
