from __future__ import annotations

from entente.sample.pure.catalogue import CONTRACT_CODE, NEEDS, catalogue

GOODS = catalogue()


def test_about_a_hundred_and_twenty_products_each_once():
    assert 110 <= len(GOODS.codes) <= 130
    assert len(set(GOODS.codes)) == len(set(GOODS.names)) == len(GOODS.codes)


def test_everything_is_sold_for_more_than_it_costs():
    assert (GOODS.price > GOODS.cost).all() and (GOODS.cost > 0).all()


def test_charges_and_the_contract_stand_last_and_are_in_nobodys_basket():
    assert GOODS.is_charge.sum() == 3 and GOODS.is_charge[-4:-1].all() and GOODS.codes[-1] == CONTRACT_CODE
    assert not GOODS.need[:, -4:].any() and GOODS.need[:, :-4].sum(axis=0).min() > 0
    assert GOODS.need.shape == (len(NEEDS), len(GOODS.codes))


def test_sizes_with_spaces_are_read():
    assert "Epoxy Floor Coating 20 kg" in GOODS.names
    assert "Nitrile Gloves box of 100" in GOODS.names
    assert GOODS.price[GOODS.number("PR1-2")] == 39.50


def test_companions_are_products_of_like_size():
    chosen = GOODS.companions >= 0
    assert chosen.sum() > 80 and (GOODS.companion_odds[chosen] > 0).all() and not GOODS.companion_odds[~chosen].any()
    assert GOODS.number("IN6-2") in GOODS.companions[GOODS.number("FL1-2")]
    assert GOODS.number("IN6-1") in GOODS.companions[GOODS.number("FL1-1")]
    assert not any(product in companions for product, companions in enumerate(GOODS.companions.tolist()))
    assert GOODS.companions.max() < len(GOODS.codes) - 4
