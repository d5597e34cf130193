"""The law that predicts best on a firm's own past: what it reaches on public firms, and that it always answers."""

import numpy as np
import pytest

from entente.differentiate.pure.accuracy import accuracy
from entente.differentiate.pure.buying_laws import COMMITTEE, FIRM_RATE, MBG_NBD
from entente.differentiate.pure.hold_out_choice import BG_NBD, HIATUS, PAST_RATE, choose
from entente.differentiate.pure.netting import net_purchases
from entente.differentiate.pure.outlooks import outlook
from entente.differentiate.pure.purchases import expected_purchases
from tests.differentiate.pure.buyers import day_number, split


def judged(days, first, second):
    """The law chosen from what was known on the first day, and how it did until the second."""
    first, second = day_number(first), day_number(second)
    chosen = choose(*days, first)[2]
    known, later = split(*days, first, second)
    said = expected_purchases(chosen.law, known.repeats, known.recency, known.age, (second - first) / 7.0)
    return chosen, accuracy(said, later)


# The best that lifetimes 0.11.3 reaches on each set with any of its laws, and what is to be beaten.
def test_cdnow_sample(cdnow_days):
    chosen, found = judged(cdnow_days, "1997-09-30", "1998-06-30")
    assert found.customers == 2357
    assert found.mae < 0.7545
    assert found.rmse < 1.603 * 1.01
    assert found.correlation > 0.630 * 0.99
    assert len(chosen.origins) == 2


def test_cdnow_whole(cdnow_all_days):
    _, found = judged(cdnow_all_days, "1997-09-30", "1998-06-30")
    assert found.customers == 23570
    assert found.mae < 0.794
    assert found.rmse < 1.726
    assert found.correlation > 0.671 * 0.99


def test_grocery(grocery_days):
    _, found = judged(grocery_days, "2006-12-31", "2007-12-30")
    assert found.customers == 1525
    assert found.mae < 1.40
    assert found.rmse < 3.150 * 1.01
    assert found.correlation > 0.822 * 0.99


def test_online_retail(online_retail):
    bought = net_purchases(**online_retail, count="gross")
    chosen, found = judged((bought.customer, bought.day, bought.amount), "2011-06-08", "2011-12-07")
    assert found.customers == 2775
    assert found.mae <= 1.495
    assert found.rmse < 2.43
    assert found.correlation > 0.823 * 0.99
    assert "Churn is not identified" in {one.law: one.reason for one in chosen.refusals}[MBG_NBD]


def days_of(customers, days, seed=0):
    """Sorted customer-days: everybody of the given number buys on each of the given days with chance a half."""
    rng = np.random.default_rng(seed)
    who, when = (part.ravel() for part in np.meshgrid(np.arange(customers), np.asarray(days), indexing="ij"))
    came = rng.random(len(who)) < 0.5
    return who[came], when[came], np.ones(int(came.sum()))


def test_trials_are_told_the_best_first_and_rules_and_bg_nbd_never_win():
    """Everybody buys at a rate of their own and never leaves: the past rate is nearly the truth."""
    chosen = choose(*days_of(600, range(0, 700, 7)), 699)[2]
    scores = [trial.score for trial in chosen.trials]
    assert scores == sorted(scores)
    told = {trial.names for trial in chosen.trials}
    assert {(PAST_RATE,), (HIATUS,), (BG_NBD,)} & told
    assert chosen.law.name not in (PAST_RATE, HIATUS, BG_NBD)
    assert all(len(trial.scored) == 2 for trial in chosen.trials)
    assert "nearer than their past rate" in chosen.reason


def test_the_mean_of_laws_is_the_mean_of_what_they_say(cdnow_days):
    known, _ = split(*cdnow_days, day_number("1997-09-30"), day_number("1998-06-30"))
    law = choose(*cdnow_days, day_number("1997-09-30"))[2].law
    assert law.name == COMMITTEE
    columns = known.repeats.astype(float), known.recency, known.age
    whole, parts = outlook(law, *columns), [outlook(member, *columns) for member in law.members]
    assert whole.expected([26.0]) == pytest.approx(np.mean([part.expected([26.0]) for part in parts], axis=0))
    assert whole.alive == pytest.approx(np.mean([part.alive for part in parts], axis=0))
    assert law.title.startswith("mean of ")


def test_what_comes_after_the_day_of_asking_changes_nothing(cdnow_days):
    customer, day, amount = cdnow_days
    asked = day_number("1997-09-30")
    before = day <= asked
    _, _, with_future = choose(customer, day, amount, asked)
    _, _, without = choose(customer[before], day[before], amount[before], asked)
    assert with_future.law.title == without.law.title
    assert [trial.score for trial in with_future.trials] == [trial.score for trial in without.trials]


@pytest.mark.parametrize(
    ("days", "as_of"),
    [
        ((np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)), 100),
        (days_of(10, [0, 30, 60]), 90),
        (days_of(5_000, [50]), 50),
        (days_of(5_000, [50]), 400),
        (days_of(300, [0, 1, 2]), 2),
    ],
    ids=["nobody", "ten customers", "all on one day", "nobody came back", "three days"],
)
def test_with_too_little_past_it_says_so_and_answers_all_the_same(days, as_of):
    customers, histories, chosen = choose(*days, as_of)
    assert len(customers) == len(histories)
    assert chosen.origins == ()
    assert "too little past" in chosen.reason
    assert chosen.law.converged
    if len(customers):
        assert np.isfinite(
            expected_purchases(chosen.law, histories.repeats, histories.recency, histories.age, 52.0)
        ).all()


def test_a_decade_is_judged_by_its_last_year():
    chosen = choose(*days_of(400, range(0, 3650, 60)), 3650)[2]
    assert [origin.until - origin.day for origin in chosen.origins] == [365, 219]


def test_where_the_winner_cannot_carry_todays_facts_the_next_one_is_taken():
    """Buying stopped for everybody on one day: no law of before fits what is known now, and something is used all the same."""
    who, when, amount = days_of(1_000, range(0, 100, 10))
    chosen = choose(who, when, amount, 400)[2]
    assert chosen.law.name != FIRM_RATE
    assert chosen.law.converged
