"""An attribute is known by its name, in four languages and however it is written."""

import pytest

from entente.differentiate.attribute_words import kind_of


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("dateOfBirth", "age"), ("Geburtsdatum", "age"), ("AGE", "age"), ("возраст", "age"), ("سن", "age"), ("born_on", "age"),
        ("Geschlecht", "sex"), ("пол", "sex"), ("جنسیت", "sex"), ("Anrede", "sex"), ("Staatsangehörigkeit", "nationality"),
        ("гражданство", "nationality"), ("ملیت", "nationality"), ("ethnic-group", "origin"), ("Herkunftsland", "origin"),
        ("Religion", "religion"), ("вероисповедание", "religion"), ("مذهب", "religion"), ("health_status", "health"),
        ("Schwerbehinderung", "disability"), ("инвалидность", "disability"), ("Familienstand", "marital status"),
        ("семейное положение", "marital status"), ("marital", "marital status"), ("Parteimitglied", "politics"),
        ("Gewerkschaft", "union"), ("профсоюз", "union"), ("sexual orientation", "sexual orientation"),
        ("civil_status", "marital status"), ("Zivilstand", "marital status"), ("relationshipStatus", "marital status"),
        ("GebDat", "age"), ("geb_datum", "age"), ("YOB", "age"), ("D.O.B.", "age"), ("AgeGroup", "age"), ("agegroup", "age"),
        ("is_female", "sex"), ("weiblich", "sex"), ("männlich", "sex"),
        ("мужской", "sex"), ("Nation", "nationality"), ("Migrationshintergrund", "origin"), ("mother tongue", "origin"),
        ("Muttersprache", "origin"), ("родной язык", "origin"), ("زبان مادری", "origin"), ("Blutgruppe", "health"),
        ("hiv status", "health"), ("template", ""), ("nationwide reach", ""), ("mailing", ""), ("Gebiet", ""),
        ("given name", "name"), ("Vorname", "name"), ("фамилия", "name"), ("نام خانوادگی", "name"),
        ("account_manager", "dealing"), ("Payment Terms", "dealing"), ("Kundennummer", "dealing"), ("скидка", "dealing"),
        ("شماره مشتری", "dealing"), ("language", ""), ("page", ""), ("industry", ""), ("полка", ""), ("Unternehmensgröße", ""),
        ("", ""), ("\x00<b>", ""), ("a" * 5000, ""),
    ],
)  # fmt: skip
def test_an_attribute_is_known_by_its_name_in_four_languages(name, kind):
    assert kind_of(name) == kind


def test_a_firm_has_words_of_its_own():
    assert kind_of("Haendlerstufe", more_dealings=["haendler*"]) == "dealing"
    assert kind_of("Stufe", more_dealings=["haendler*", " ", "*"]) == ""
