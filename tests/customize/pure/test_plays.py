"""The seven plays: whom they fit, whom they leave in peace, and what they say of it."""

import json
import string
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.customize.pure.facts import (
    BIG,
    INACTIVE,
    MEDIUM,
    NO_PRODUCT,
    PROSPECT,
    SMALL,
    TOP,
    Facts,
    ImpossibleFact,
)
from entente.customize.pure.opportunities import LAWS
from entente.customize.pure.plays import (
    CROSS_SELL,
    PLAYS,
    QUIETLY_LEAVING,
    REORDER_DUE,
    SILENCE,
    THANK_TOP,
    WELCOME,
    WIN_BACK,
    ImpossibleSetting,
    Settings,
)
from entente.customize.pure.reasons import CODES, SENTENCES, figures_of, reasons, sentence
from entente.customize.pure.suitability import DROP_TEXT, Drop, shortlist
from entente.differentiate.pure.stages import Stage

NAN = float("nan")
SETTINGS = Settings()

# A quiet customer whom no play fits: five orders, one every 40 days, the last 10 days ago; spoke yesterday.
QUIET = {
    "level": MEDIUM, "stage": Stage.DEVELOPMENT,
    "purchases": 5, "first_order_days_ago": 170.0, "last_order_days_ago": 10.0, "usual_gap_days": 40.0,
    "next_from_days": 20.0, "next_median_days": 30.0, "next_until_days": 45.0, "alive": 0.95, "alive_meaningful": True,
    "margin": 50.0, "clv": 900.0, "last_two_way_days": 1.0, "complaint_open": False, "detractor_days": NAN,
    "product": NO_PRODUCT, "product_score": NAN, "because": NO_PRODUCT,
}  # fmt: skip
# The cast: each is quiet but for what is told of them.
FIRST_TIMER = {"level": SMALL, "stage": Stage.WELCOME, "purchases": 1, "first_order_days_ago": 2.0, "last_order_days_ago": 2.0,
               "usual_gap_days": NAN, "next_from_days": NAN,
               "next_median_days": NAN, "next_until_days": NAN}  # fmt: skip
DUE = {"last_order_days_ago": 48.0, "next_from_days": -18.0, "next_median_days": -8.0, "next_until_days": 7.0}
FITTING = {"product": 7, "product_score": 0.4, "because": 3}
BEST = {"level": TOP}
FADING = {"level": BIG, "stage": Stage.LEAVING, "alive": 0.5, "last_order_days_ago": 100.0, "next_from_days": NAN}
GONE = {
    "level": INACTIVE,
    "stage": Stage.LOST,
    "alive": 0.1,
    "first_order_days_ago": 900.0,
    "last_order_days_ago": 400.0,
    "next_from_days": NAN,
}
UNHEARD = {"last_two_way_days": 121.0}
FITS = {WELCOME: FIRST_TIMER, REORDER_DUE: DUE, CROSS_SELL: FITTING, THANK_TOP: BEST, QUIETLY_LEAVING: FADING,
        WIN_BACK: GONE, SILENCE: UNHEARD}  # fmt: skip


def facts(*people, done=None, put_off=None) -> Facts:
    """Columns of the people told, each differing from QUIET; done and put_off are {(row, play): days}."""
    types = {"level": np.int8, "stage": np.int8, "purchases": np.int64, "product": np.int32, "because": np.int32,
             "alive_meaningful": np.bool_, "complaint_open": np.bool_}  # fmt: skip
    columns = {
        name: np.array([{**QUIET, **person}[name] for person in people], types.get(name, np.float64)) for name in QUIET
    }
    tables = {}
    for name, told in (("last_done_days", done), ("not_before_days", put_off)):
        tables[name] = np.full((len(people), len(PLAYS)), NAN)
        for at, days in (told or {}).items():
            tables[name][at] = days
    return Facts(as_of=np.datetime64("2026-03-01"), **columns, **tables)


def plays_of(found, row=0):
    return set(found.play[found.offsets[row] : found.offsets[row + 1]].tolist())


def test_a_quiet_customer_is_left_in_peace():
    found = shortlist(facts({}), SETTINGS)
    assert plays_of(found) == set()
    assert (found.drops == Drop.NOT_ELIGIBLE).all()


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("play", range(len(PLAYS)))
def test_each_play_has_its_stages_of_the_relationship(play, stage):
    found = shortlist(facts({**FITS[play], "stage": stage}), SETTINGS)
    assert (plays_of(found) == {play}) == (stage in PLAYS[play].stages or stage == Stage.PROBLEM)
    assert stage not in (Stage.SUSPECT, Stage.ENQUIRY) or not plays_of(found)


@pytest.mark.parametrize("play", range(len(PLAYS)))
def test_each_play_finds_its_customer_and_no_other(play):
    found = shortlist(facts({}, FITS[play], {}), SETTINGS)
    assert plays_of(found, 1) == {play}
    assert found.customer.tolist() == [1]


@pytest.mark.parametrize(
    ("play", "change"),
    [
        (WELCOME, {"first_order_days_ago": 22.0, "last_order_days_ago": 22.0}),
        (WELCOME, {"purchases": 2}),
        (REORDER_DUE, {"next_from_days": 1.0}),
        (REORDER_DUE, {"next_median_days": -46.0}),
        (REORDER_DUE, {"level": INACTIVE}),
        (REORDER_DUE, {"next_median_days": NAN}),
        (CROSS_SELL, {"product": NO_PRODUCT}),
        (CROSS_SELL, {"product_score": 0.0}),
        (CROSS_SELL, {"first_order_days_ago": 400.0, "last_order_days_ago": 366.0, "alive": 0.1}),
        (THANK_TOP, {"level": BIG}),
        (QUIETLY_LEAVING, {"level": SMALL}),
        (QUIETLY_LEAVING, {"alive": 0.1}),
        (QUIETLY_LEAVING, {"purchases": 2}),
        (QUIETLY_LEAVING, {"alive": 0.9, "last_order_days_ago": 79.0}),
        (WIN_BACK, {"last_order_days_ago": 365.0}),
        (WIN_BACK, {"first_order_days_ago": 2000.0, "last_order_days_ago": 1096.0}),
        (WIN_BACK, {"margin": 1.0}),
        (SILENCE, {"last_two_way_days": 120.0}),
        (SILENCE, {"level": SMALL}),
        (SILENCE, {"level": PROSPECT}),
    ],
)
def test_one_change_and_the_play_no_longer_fits(play, change):
    assert play in plays_of(shortlist(facts(FITS[play]), SETTINGS))
    found = shortlist(facts({**FITS[play], **change}), SETTINGS)
    assert play not in plays_of(found)
    assert found.drops[0, play] in (Drop.NOT_ELIGIBLE, Drop.UNKNOWN)


def test_where_leaving_cannot_be_told_by_law_the_rhythm_tells():
    known = {**FADING, "alive": 1.0, "alive_meaningful": False}
    assert QUIETLY_LEAVING in plays_of(shortlist(facts(known), SETTINGS))
    unknown = shortlist(facts({**known, "usual_gap_days": NAN}), SETTINGS)
    assert unknown.drops[0, QUIETLY_LEAVING] == Drop.UNKNOWN


def test_who_never_spoke_is_silent_since_the_first_order():
    assert SILENCE in plays_of(shortlist(facts({"last_two_way_days": NAN}), SETTINGS))
    assert SILENCE not in plays_of(shortlist(facts({**FIRST_TIMER, "last_two_way_days": NAN}), SETTINGS))


def test_silence_is_measured_by_level():
    longest = dict(zip((TOP, BIG, MEDIUM, SMALL), SETTINGS.longest_silence_days, strict=True))
    for level, days in longest.items():
        short, long = ({"level": level, "last_two_way_days": float(days) + more} for more in (0, 1))
        found = shortlist(facts(short, long), SETTINGS)
        assert [SILENCE in plays_of(found, row) for row in (0, 1)] == [False, True]


def test_keeping_someone_who_may_have_left_is_worth_a_whole_customer():
    found = shortlist(facts({**FADING, "alive": 0.5, "clv": 900.0}), SETTINGS)
    assert found.clv[found.play == QUIETLY_LEAVING] == pytest.approx([1800.0])


def test_an_addition_brings_a_share_of_a_usual_purchase():
    found = shortlist(facts(FITTING), SETTINGS)
    assert found.margin.tolist() == [12.5]
    assert found.cost.tolist() == [SETTINGS.cross_sell.cost]


@pytest.mark.parametrize("play", range(len(PLAYS)))
@pytest.mark.parametrize(
    ("given", "drop"),
    [
        ({"complaint_open": True}, Drop.COMPLAINT_OPEN),
        ({"detractor_days": 30.0}, Drop.DETRACTOR),
        ({"detractor_days": 31.0}, Drop.KEPT),
    ],
)
def test_who_complains_gets_service_and_recovery_only(play, given, drop):
    assert shortlist(facts({**FITS[play], **given}), SETTINGS).drops[0, play] == drop


@pytest.mark.parametrize("play", range(len(PLAYS)))
def test_done_lately_put_off_unreachable_not_allowed_held_out(play):
    rest = SETTINGS.of(play).rest_days
    person, no, yes = FITS[play], np.zeros((1, len(PLAYS)), bool), np.ones(1, bool)
    at = (0, play)
    told = {
        Drop.DONE_RECENTLY: shortlist(facts(person, done={at: rest - 1}), SETTINGS),
        Drop.PUT_OFF: shortlist(facts(person, put_off={at: 1.0}), SETTINGS),
        Drop.NO_CHANNEL: shortlist(facts(person), SETTINGS, reachable=no),
        Drop.CONTACT_RULES: shortlist(facts(person), SETTINGS, allowed=no),
        Drop.HELD_OUT: shortlist(facts(person), SETTINGS, held_out=yes),
        Drop.SWITCHED_OFF: shortlist(facts(person), Settings.from_dict({PLAYS[play].key: {"on": False}})),
        Drop.KEPT: shortlist(facts(person, done={at: rest}, put_off={at: 0.0}), SETTINGS),
    }
    assert {why: found.drops[0, play] for why, found in told.items()} == {why: why for why in told}


def test_the_first_to_say_no_is_recorded():
    everything = facts({**BEST, "complaint_open": True}, done={(0, THANK_TOP): 3.0}, put_off={(0, THANK_TOP): 9.0})
    found = shortlist(everything, SETTINGS, held_out=np.ones(1, bool), allowed=np.zeros((1, len(PLAYS)), bool))
    assert found.drops[0, THANK_TOP] == Drop.DONE_RECENTLY
    assert found.offsets.tolist() == [0, 0]


def test_every_drop_has_its_words():
    assert set(DROP_TEXT) == set(Drop)


def test_nobody_in_nobody_out():
    found = shortlist(facts(), SETTINGS)
    assert (found.offsets.tolist(), len(found.play), found.drops.shape) == ([0], 0, (0, len(PLAYS)))


@given(st.lists(st.tuples(st.sampled_from(list(FITS.values())), st.booleans(), st.booleans()), max_size=12))
def test_candidates_and_drops_tell_the_same_story(cast):
    people = [{**person, "complaint_open": complains} for person, complains, _ in cast]
    found = shortlist(facts(*people), SETTINGS, held_out=np.array([held for *_, held in cast], bool))
    kept = np.argwhere(found.drops == Drop.KEPT)
    assert kept.tolist() == np.column_stack((found.customer, found.play)).tolist()
    assert np.diff(found.offsets).tolist() == (found.drops == Drop.KEPT).sum(axis=1).tolist()
    assert not any(complains or held for (_, complains, held), n in zip(cast, np.diff(found.offsets), strict=True) if n)


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("margin", NAN), ("clv", np.inf), ("alive", NAN), ("alive", 1.1), ("level", 7), ("level", -1),
        ("purchases", -1),
        ("last_order_days_ago", -1.0), ("last_order_days_ago", NAN), ("last_order_days_ago", 171.0),
        ("first_order_days_ago", NAN), ("usual_gap_days", -4.0), ("next_median_days", np.inf),
        ("last_two_way_days", -0.5),
    ],
)  # fmt: skip
def test_a_fact_that_cannot_be_is_refused_with_its_row(column, wrong):
    with pytest.raises(ImpossibleFact, match=f"Customer row 1: {column}"):
        shortlist(facts({}, {column: wrong}, {}), SETTINGS)


def test_a_recommended_product_without_score_and_columns_of_unlike_length_are_refused():
    with pytest.raises(ImpossibleFact, match="row 0: product_score"):
        shortlist(facts({"product": 1}), SETTINGS)
    with pytest.raises(ImpossibleFact, match="clv"):
        shortlist(replace(facts({}, {}), clv=np.zeros(1)), SETTINGS)
    with pytest.raises(ImpossibleFact, match="held_out"):
        shortlist(facts({}, {}), SETTINGS, held_out=np.zeros(3, bool))


def test_plays_and_laws_are_in_one_order():
    assert [law.__name__ for law in LAWS] == [play.key for play in PLAYS]
    assert all(play.withheld and not play.soothing and play.epsilon == 0.05 for play in PLAYS)


def test_recovery_is_not_experimented_with():
    recovery = replace(PLAYS[0], recovery=True)
    assert (recovery.epsilon, recovery.soothing) == (0.0, True)
    service = replace(PLAYS[0], purpose="service")
    assert (service.withheld, service.soothing) == (False, True)


# Sentences


def said(play, person, **more) -> str:
    found = reasons(play, facts(person, **more), SETTINGS, np.array([0]))
    (figures,) = figures_of(found, {3: "3", 7: "7"})
    return sentence(CODES[found.code[0]], json.loads(figures))


@pytest.mark.parametrize(
    ("play", "change", "words"),
    [
        (WELCOME, {}, "The first order came on 2026-02-27. Welcome them, and leave the numbers to ring."),
        (REORDER_DUE, {},
         "Bought every 40 days, 4 times running. The next order was expected around 2026-02-21; it is 8 days late."),
        (REORDER_DUE, {"next_median_days": 5.0},
         "Buys about every 40 days. The next order is expected between 2026-02-11 and 2026-03-08."),
        (REORDER_DUE, {"purchases": 2}, "Came back after 40 days once. The next order was expected around 2026-02-21."),
        (CROSS_SELL, {}, "Has bought 3. Customers who did often buy 7 too, and this one never has."),
        (CROSS_SELL, {"because": -1}, "Customers like this one often buy 7, and this one never has."),
        (THANK_TOP, {}, "One of the best customers, 5 orders so far, and never thanked for it."),
        (QUIETLY_LEAVING, {}, "Bought every 40 days, and now nothing for 100 days. Ask before they are gone."),
        (QUIETLY_LEAVING, {"last_order_days_ago": 60.0},
         "Nothing for 60 days. Of 100 customers with this history, 50 are still customers. Ask before they are gone."),
        (WIN_BACK, {"margin": 49.995}, "Bought 5 times, earning about 50 each time, and nothing since 2025-01-25."),
        (SILENCE, {}, "Last spoke on 2025-10-31, 121 days ago; for a customer of this level 120 is the most."),
        (SILENCE, {"last_two_way_days": NAN}, "A customer for 170 days, and nobody has ever spoken with them."),
    ],
)  # fmt: skip
def test_says_what_a_person_would_say(play, change, words):
    assert said(play, {**FITS[play], **change}) == words


def test_says_when_they_were_last_thanked():
    assert said(THANK_TOP, BEST, done={(0, THANK_TOP): 200.0}).endswith("Last thanked on 2025-08-13.")


@pytest.mark.parametrize("play", range(len(PLAYS)))
def test_every_figure_of_every_sentence_is_there(play):
    people = [
        FITS[play],
        {**FITS[play], "purchases": 2},
        {**FITS[play], "last_two_way_days": NAN, "usual_gap_days": NAN},
    ]
    found = reasons(play, facts(*people), SETTINGS, np.arange(len(people)))
    told = figures_of(found, {3: "3", 7: "7"})
    for row in range(len(people)):
        code, figures = CODES[found.code[row]], json.loads(told[row])
        wanted = {name for _, name, *_ in string.Formatter().parse(SENTENCES[code]) if name}
        assert set(figures) == wanted
        assert not any(str(value) in ("nan", "NaT") for value in figures.values())
        assert code.split(".")[0] == PLAYS[play].key


def test_no_reasons_for_nobody():
    for play in range(len(PLAYS)):
        assert len(reasons(play, facts({}), SETTINGS, np.empty(0, np.int64)).code) == 0
    assert len(CODES) == len(set(CODES))


# Settings


def test_settings_keep_what_the_firm_has_not_set():
    ours = Settings.from_dict(
        {"welcome": {"within_days": 14}, "detractor_days": 60, "longest_silence_days": [1, 2, 3, 4]}
    )
    assert (ours.welcome.within_days, ours.welcome.cost) == (14.0, SETTINGS.welcome.cost)
    assert (ours.detractor_days, ours.longest_silence_days) == (60.0, (1.0, 2.0, 3.0, 4.0))
    assert Settings.from_dict({}) == SETTINGS


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"welcom": {}}, "No play or setting is called 'welcom'"),
        ({"welcome": {"within": 3}}, "no setting is called 'within'"),
        ({"welcome": 3}, "give its settings by name"),
        ({"welcome": {"within_days": "3"}}, "welcome.within_days is '3'"),
        ({"welcome": {"cost": -1}}, "at least 0"),
        ({"welcome": {"cost": NAN}}, "welcome.cost"),
        ({"welcome": {"cost": True}}, "welcome.cost"),
        ({"welcome": {"on": 1}}, "true or false"),
        ({"welcome": {"response": 0}}, "between 0 and 1"),
        ({"welcome": {"retention": 1}}, "between -1 and 1"),
        ({"cross_sell": {"margin_share": 2}}, "from 0 to 1"),
        ({"quietly_leaving": {"alive_from": 0.9}}, "swap them"),
        ({"longest_silence_days": [30, 60]}, "four numbers"),
        ({"longest_silence_days": [0, 60, 1, 1]}, "at least 1"),
        ({"detractor_days": None}, "detractor_days"),
    ],
)
def test_settings_that_cannot_be_are_refused_in_words(given, words):
    with pytest.raises(ImpossibleSetting, match=words):
        Settings.from_dict(given)
