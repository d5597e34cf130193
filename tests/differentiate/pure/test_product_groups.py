"""Products are grouped by category, or by a word that their names share."""

from __future__ import annotations

from entente.differentiate.pure.product_groups import by_category, by_name, group_of, words_of


def test_categories_are_believed_where_most_products_have_one():
    code, groups = by_category(["Wood", "", " Wood  stain", "Wood"]) or (None, None)
    assert groups == ["Wood", "Wood stain"]
    assert code is not None and code.tolist() == [0, -1, 1, 0]
    assert by_category(["Wood", "", "", "Metal", ""]) is None, "too few have one"
    assert by_category(["Wood", "Wood"]) is None, "one category tells nobody apart"
    assert by_category([]) is None


def test_names_are_grouped_by_the_word_most_of_them_share():
    names = ["RED BAG", "Blue bag 12", "bag, green", "green mug", "small mug", "mug x", "one of a kind"]
    code, groups = by_name(names)
    assert groups == ["bag", "mug"]
    assert code.tolist() == [0, 0, 0, 1, 1, 1, -1]


def test_a_word_in_very_many_names_is_no_kind_of_thing():
    names = [f"red thing{chr(97 + place % 26)}{chr(97 + place // 26)}" for place in range(200)]
    names += ["red bag"] * 5
    assert by_name(names)[1] == ["bag"]


def test_names_in_any_script_and_of_any_nonsense_are_read():
    code, groups = by_name(["رنگ چوب", "رنگ فلز", "رنگ نما", "", "123 !", "Краска"])
    assert groups == ["رنگ"]
    assert code.tolist() == [0, 0, 0, -1, -1, -1]


def test_a_single_name_is_grouped_as_it_was_among_all():
    names = ["red bag", "bag", "bag mug", "mug", "mug", "mug"]
    code, groups = by_name(names)
    rank = {word: len(groups) - place for place, word in enumerate(groups)}
    assert [group_of(words_of(name), rank) for name in names] == [groups[place] for place in code]
