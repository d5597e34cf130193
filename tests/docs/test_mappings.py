"""A mapping that a document shows can be used."""

import json

import pytest

from entente.ledger.mapping import from_json, ready_names
from tests.docs.pages import CHECKOUT, Block, all_blocks, text_of

MAPPINGS = [block for block in all_blocks() if block.language == "json" and '"columns"' in block.text]


@pytest.mark.parametrize("block", MAPPINGS, ids=str)
def test_is_understood(block: Block):
    assert from_json(json.loads(block.text)).columns


def test_there_is_one():
    assert MAPPINGS


@pytest.mark.parametrize("name", ready_names())
def test_ready_mappings_are_told_of(name: str):
    assert f"`{name}`" in text_of(CHECKOUT / "docs" / "howto" / "first-day.md")
