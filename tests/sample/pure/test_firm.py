"""The whole sample firm, of 5,000 customers and of 300."""

from __future__ import annotations

import datetime as dt
import pickle
import unicodedata
from collections import Counter

import numpy as np
import phonenumbers
import pytest

from entente.sample.pure.calendar import days_off
from entente.sample.pure.countries import COUNTRIES
from entente.sample.pure.customer_kinds import KINDS
from entente.sample.pure.firm import SEED, SampleFirm, sample_firm

AS_OF = dt.date(2026, 11, 20)
SCRIPTS = {"GB": "LATIN", "DE": "LATIN", "SA": "ARABIC", "IR": "ARABIC", "RU": "CYRILLIC"}
PERSIAN_ONLY = set("پچژگکی")


def small(seed: int = SEED, as_of: dt.date = AS_OF) -> SampleFirm:
    return sample_firm(np.random.default_rng(seed), as_of=as_of, customers=300)


@pytest.fixture(scope="module")
def firm() -> SampleFirm:
    return sample_firm(np.random.default_rng(SEED), as_of=AS_OF)


@pytest.fixture(scope="module")
def revenue(firm: SampleFirm) -> np.ndarray:
    """EUR by person, goods and charges, before returns."""
    euros = in_euros(firm, firm.lines.amount, firm.orders.party, firm.orders.day, firm.lines.order)
    return np.bincount(firm.orders.person[firm.lines.order], euros, minlength=len(firm.truth.kind))


def in_euros(firm: SampleFirm, parts: np.ndarray, party: np.ndarray, day: np.ndarray, order: np.ndarray) -> np.ndarray:
    codes = np.array([record.country for record in firm.parties])[party[order]]
    dates = firm.span.dates()[day[order]]
    euros = np.zeros(order.size)
    for country in COUNTRIES:
        here = codes == country.code
        euros[here] = parts[here] / 10_000 * firm.rates.on(country.currency, dates[here])
    return euros


def test_the_same_seed_makes_the_same_bytes():
    assert pickle.dumps(small()) == pickle.dumps(small())


def test_another_seed_makes_another_firm():
    assert small().parties[0].name != small(seed=SEED + 1).parties[0].name


def test_everybody_is_there(firm):
    counts = Counter(firm.truth.kind)
    assert counts == {
        "distributor": 150,
        "retailer": 250,
        "trade": 1600,
        "consumer": 3000,
        "prospect": 600,
        "suspect": 400,
    }
    assert set(firm.truth.country) == set(SCRIPTS)
    assert len({(record.source, record.key) for record in firm.parties}) == len(firm.parties)
    assert {record.source for record in firm.parties} == {"erp", "shop", "call list"}


def test_a_small_known_share_is_in_two_sources(firm):
    records = Counter(firm.truth.record_person.tolist())
    person_of = firm.truth.person_of()
    twice = [person for person, count in records.items() if count == 2]
    assert max(records.values()) == 2 and 0.02 < len(twice) / 5000 < 0.06
    second_of = {record.person: record for record in firm.parties[6000:]}
    assert set(second_of) == set(twice)
    for person, second in second_of.items():
        first = firm.parties[person]
        assert first.source != second.source and first.country == second.country
        assert second.phone_e164 == first.phone_e164 or second.email.lower() == first.email
        assert person_of[second.source, second.key] == person


def test_names_are_in_their_own_script(firm):
    for code, script in SCRIPTS.items():
        # Iran's and Arabia's firms, too; a country's cities and streets as well as its people.
        texts = [record.name + record.city + record.address for record in firm.parties if record.country == code]
        letters = Counter(unicodedata.name(letter).split()[0] for text in texts for letter in text if letter.isalpha())
        assert letters[script] == letters.total(), (code, letters)
    written = {code: "".join(record.name for record in firm.parties if record.country == code) for code in SCRIPTS}
    assert set("äöüß") <= set(written["DE"].lower())
    assert set(written["IR"]) >= PERSIAN_ONLY and not set(written["SA"]) & PERSIAN_ONLY


def test_phones_are_valid_and_belong_to_the_country(firm):
    numbers = [record for record in firm.parties if record.phone]
    assert len(numbers) > 0.97 * len(firm.parties)
    for record in numbers:
        written = phonenumbers.parse(record.phone, record.country)
        assert phonenumbers.is_valid_number(written), record
        assert phonenumbers.format_number(written, phonenumbers.PhoneNumberFormat.E164) == record.phone_e164
    first = [record.phone_e164 for record in firm.parties[:6000] if record.phone]
    assert len(set(first)) == len(first)


def test_britain_and_germany_use_numbers_kept_for_fiction(firm):
    drama = ("+44207946", "+44113496", "+44114496", "+44116496", "+44117496", "+44118496", "+44121496", "+44131496",
             "+44141496", "+44151496", "+44161496", "+44191498", "+4428964", "+4429201", "+493023125", "+494066969",
             "+498999998", "+492214710", "+496990009", "+4917139200")  # fmt: skip
    assert all(r.phone_e164.startswith(drama) for r in firm.parties if r.country in ("GB", "DE") and r.phone_e164)


def test_mail_leaves_for_nobody_real(firm):
    mails = [record.email.lower() for record in firm.parties[:6000]]
    assert len(set(mails)) == len(mails)
    reserved = (".example", ".example.com", ".example.org", ".example.net")
    assert all(mail.isascii() and mail.endswith(reserved) and mail.count("@") == 1 for mail in mails)


def test_fields_fit_their_columns(firm):
    for record in firm.parties:
        assert len(record.name) <= 120 and len(record.subdivision) <= 6 and len(record.postcode) <= 10
        assert record.name.strip() == record.name and record.name
    assert max(len(said.subject) for said in firm.interactions) <= 120


def test_nothing_happens_after_as_of(firm):
    end = np.datetime64(AS_OF) + 1
    assert firm.orders.at.max() < end and firm.return_at.max() < end
    party = np.array([said.party for said in firm.interactions])
    assert firm.utc(party, np.array([said.at for said in firm.interactions])).max() < end
    settled = [said for said in firm.interactions if said.settled is not None]
    at = firm.utc(np.array([said.party for said in settled]), np.array([said.settled for said in settled]))
    assert at.max() < end and all(said.settled > said.at for said in settled)
    assert max(event.at for event in firm.consents) < firm.span.days * 1440
    assert max(record.known for record in firm.parties if record.known is not None) < firm.span.days


def test_the_day_is_the_same_at_the_firm_and_at_the_customer(firm):
    berlin = firm.orders.at + np.timedelta64(60, "m")
    assert (berlin.astype("datetime64[D]") == firm.span.dates()[firm.orders.day]).all()


def test_firms_order_on_working_days_only(firm):
    kinds, countries = np.array(firm.truth.kind), np.array(firm.truth.country)
    for country in COUNTRIES:
        closed = days_off(country, firm.span)
        here = countries[firm.orders.person] == country.code
        consumers = kinds[firm.orders.person] == "consumer"
        assert not closed[firm.orders.day[here & ~consumers]].any()
        assert closed[firm.orders.day[here & consumers]].any()


def test_returns_follow_their_orders(firm):
    assert 0.02 < firm.returned.of_order.size / firm.orders.day.size < 0.04
    assert 0.2 < firm.returned.cancelled.mean() < 0.5
    assert (firm.return_at > firm.orders.at[firm.returned.of_order]).all()
    bought = Counter()
    for order, product, quantity in zip(firm.lines.order, firm.lines.product, firm.lines.quantity, strict=True):
        bought[int(order), int(product)] += int(quantity)
    back = firm.returned.lines
    for number, product, quantity in zip(back.order, back.product, back.quantity, strict=True):
        assert 0 < -quantity <= bought[int(firm.returned.of_order[number]), int(product)]
    assert (back.amount < 0).all() and (back.cost < 0).all()


def test_every_order_has_a_line_that_is_sold(firm):
    sold = firm.lines.order[firm.lines.kind == 1]
    assert set(sold.tolist()) == set(range(firm.orders.day.size))
    assert (firm.lines.quantity > 0).all() and (firm.lines.unit_price > 0).all() and (firm.lines.cost > 0).all()
    assert firm.goods.is_charge[firm.lines.product[firm.lines.kind == 3]].all()
    assert not firm.goods.is_charge[firm.lines.product[firm.lines.kind == 1]].any()


def test_most_revenue_comes_from_few(firm, revenue):
    ranked = np.sort(revenue)[::-1]
    assert 0.25 < ranked[:50].sum() / ranked.sum() < 0.36
    assert ranked[:1000].sum() / ranked.sum() > 0.8
    assert 10e6 < ranked.sum() < 80e6


def test_business_customers_order_more_often(firm):
    kinds = np.array(firm.truth.kind)
    means = [firm.truth.purchases[kinds == kind.name].mean() for kind in KINDS]
    assert means == sorted(means, reverse=True)


def test_margins_are_those_of_a_paint_maker(firm):
    euros = in_euros(firm, firm.lines.amount, firm.orders.party, firm.orders.day, firm.lines.order).sum()
    costs = in_euros(firm, firm.lines.cost, firm.orders.party, firm.orders.day, firm.lines.order).sum()
    assert 0.1 < 1 - costs / euros < 0.45


def test_rials_are_large_and_whole_thousands(firm):
    iran = np.array([record.country == "IR" for record in firm.parties])[firm.orders.party[firm.lines.order]]
    prices = firm.lines.unit_price[iran]
    assert (prices % 10_000_000 == 0).all() and np.median(prices) / 10_000 > 1_000_000


def test_rates_are_monthly_and_cover_the_sample(firm):
    assert firm.rates.from_on[0] <= firm.span.first_on
    assert all(day.day == 1 for day in firm.rates.from_on) and firm.rates.from_on[-1] <= AS_OF
    assert set(firm.rates.rates) == {"GBP", "SAR", "RUB", "IRR"}
    assert all((rates > 0).all() for rates in firm.rates.rates.values())
    assert firm.rates.rates["IRR"][-1] < firm.rates.rates["IRR"][0]


def test_truth_agrees_with_what_was_written(firm):
    truth = firm.truth
    orders = np.bincount(firm.orders.person, minlength=len(truth.kind))
    assert (orders == truth.purchases).all() and (orders[:5000] > 0).all() and not orders[5000:].any()
    gone = ~np.isnat(truth.churn_on)
    assert (gone[:5000] == ~truth.alive[:5000]).all()
    assert not truth.expected[~truth.alive].any() and not truth.future[~truth.alive].any()
    assert (truth.expected[truth.alive] > 0).all()
    last = np.full(len(truth.kind), firm.span.first_on, dtype="datetime64[D]")
    np.maximum.at(last, firm.orders.person, firm.span.dates()[firm.orders.day])
    assert (last[gone] == truth.churn_on[gone]).all()


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
def test_the_law_holds_for_each_kind(firm, kind):
    """Purchases so far, and those of the next half year, agree with their expectation within four standard errors."""
    truth = firm.truth
    same = np.array(truth.kind) == kind
    for seen, expected in ((truth.purchases - 1, truth.expected_repeats), (truth.future, truth.expected)):
        gap = seen[same] - expected[same]
        assert abs(gap.mean()) < 4 * gap.std() / np.sqrt(same.sum())


def test_consumers_leave_sooner_than_distributors(firm):
    kinds = np.array(firm.truth.kind)
    dropout = [firm.truth.dropout[kinds == kind].mean() for kind in ("distributor", "retailer", "trade", "consumer")]
    assert dropout == sorted(dropout) and 0.2 < dropout[-1] < 0.3 and dropout[0] < 0.02


def test_complaints_cost_customers(firm):
    """Who left did so after a complaint more often than who bought again."""
    truth = firm.truth
    day = firm.span.dates()[firm.orders.day]
    final = day == truth.churn_on[firm.orders.person]
    assert firm.orders.complained[final].mean() > 1.5 * firm.orders.complained[~final].mean()
    complaints = [said for said in firm.interactions if said.kind == "complaint"]
    still_open = [said for said in complaints if said.settled is None]
    assert len(complaints) > 300 and 5 < len(still_open) < 0.15 * len(complaints)


def test_what_goes_together_is_bought_together(firm):
    base = np.array([code.split("-")[0] for code in firm.goods.codes])[firm.lines.product]
    floor, hardener = (set(firm.lines.order[base == code].tolist()) for code in ("FL1", "IN6"))
    lift = len(floor & hardener) * firm.orders.day.size / (len(floor) * len(hardener))
    assert lift > 3


def test_wood_is_painted_in_summer(firm):
    month = firm.span.dates()[firm.orders.day[firm.lines.order]].astype("datetime64[M]").astype(int) % 12
    wood = np.array(firm.goods.categories)[firm.lines.product] == "Outdoor wood"
    share = [wood[np.isin(month, months)].mean() for months in ((4, 5, 6), (10, 11, 0))]
    assert share[0] > 1.8 * share[1]


def test_needs_show_in_the_baskets(firm):
    need = np.array(firm.truth.need)[firm.orders.person[firm.lines.order]]
    category = np.array(firm.goods.categories)[firm.lines.product]
    for wish, wanted in {
        "floor": "Floor coatings",
        "facade": "Facade coatings",
        "metal": "Industrial coatings",
    }.items():
        assert (category[need == wish] == wanted).mean() > 3 * (category[need != wish] == wanted).mean()


def test_the_dialogue_is_with_who_may_have_one(firm):
    kinds = [firm.truth.kind[firm.parties[said.party].person] for said in firm.interactions]
    assert "suspect" not in kinds
    prospects = {
        firm.parties[said.party].person
        for said, kind in zip(firm.interactions, kinds, strict=True)
        if kind == "prospect"
    }
    assert len(prospects) == 600
    assert {said.kind for said in firm.interactions} == {"call", "mail", "visit", "complaint"}
    assert all(said.by is not None for said in firm.interactions if said.is_outgoing)


def test_consent_is_given_before_it_is_taken_back(firm):
    granted = {event.party: event.at for event in firm.consents if event.is_granted}
    withdrawn = [event for event in firm.consents if not event.is_granted and event.channel != "phone"]
    assert 0.05 < len(withdrawn) / len(granted) < 0.25
    assert all(event.at > granted[event.party] for event in withdrawn)


def test_another_day_moves_the_whole_sample():
    assert small(as_of=dt.date(2025, 3, 1)).span.first_on == dt.date(2022, 3, 3)


@pytest.mark.parametrize("customers", [1, 2, 17])
def test_tiny_firms_are_possible(customers):
    firm = sample_firm(np.random.default_rng(1), as_of=AS_OF, customers=customers)
    assert sum(kind not in ("prospect", "suspect") for kind in firm.truth.kind) == customers
