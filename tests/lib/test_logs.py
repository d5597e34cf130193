"""Keys do not stand in the log."""

import logging

from entente.lib.logs import KeepKeysOut


def line(text: str, *values: object) -> str:
    record = logging.LogRecord("django.request", logging.WARNING, __file__, 1, text, values, None)
    assert KeepKeysOut().filter(record)
    return record.getMessage()


def test_the_key_of_a_one_time_link_is_taken_out_however_it_came_in() -> None:
    assert line("Forbidden: %s", "/enter/s3cret-Key_1") == "Forbidden: /enter/…"
    assert "s3cret" not in line("GET /enter/s3cret?next=/ HTTP/1.1 from %s", "10.0.0.1")


def test_other_lines_pass_unchanged() -> None:
    assert line("%s of %d rows", "/imports/1/", 7) == "/imports/1/ of 7 rows"
