"""entente lint: what no other linter looks at: every template compiles, and no visible string escapes translation."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from entente.cli import terminal

ROOT = Path(__file__).resolve().parents[1]
# A text between tags that is words, not markup, a variable or a sign.
TEXT = re.compile(r">([^<>{}]*[^\W\d_]{3,}[^<>{}]*)<")
COMMENT = re.compile(r"{#.*?#}|{%\s*comment.*?endcomment\s*%}|<!--.*?-->", re.DOTALL)
TRANSLATED = re.compile(r"{%\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%}", re.DOTALL)
FORBIDDEN = (
    (re.compile(r"\sstyle\s*="), "an inline style: the security policy blocks it"),
    (re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE), "an inline script: the security policy blocks it"),
    (re.compile(r"\son[a-z]+\s*=\s*[\"']"), "an inline event handler: the security policy blocks it"),
    (re.compile(r"\|\s*safe\b"), "the filter safe: nothing is safe that came from outside"),
)
PROPER_NAMES = {"Entente", "English", "Русский", "فارسی", "Deutsch"}
PHYSICAL = re.compile(
    r"(?<![-\w])(?:margin|padding|border)-(?:left|right)\b|(?<![-\w])(?:left|right)\s*:|text-align:\s*(?:left|right)"
)


def register(commands: Any) -> None:
    command = commands.add_parser("lint", help="check the templates and style sheets")
    terminal.wants_json(command)
    command.set_defaults(run=run, needs_database=False)


def run(args: argparse.Namespace) -> int:
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "entente.settings")
    import django

    django.setup()
    found = [*template_faults(ROOT), *style_faults(ROOT)]
    terminal.say(
        {"faults": found}, as_json=args.json, words=lambda: "\n".join(found) or "Templates and style sheets are sound."
    )
    return 1 if found else 0


def template_faults(root: Path) -> list[str]:
    from django.template import TemplateSyntaxError
    from django.template.loader import get_template

    faults = []
    for path in sorted(root.glob("*/templates/**/*.html")):
        text = path.read_text(encoding="utf-8")
        name = str(path.relative_to(root))
        try:
            get_template(str(path.relative_to(path.parents[len(path.relative_to(root).parts) - 3])))
        except TemplateSyntaxError as error:
            faults.append(f"{name}: {error}")
        bare = TRANSLATED.sub("><", COMMENT.sub("", text))
        faults += [
            f"{name}: not translated: {m.group(1).strip()!r}"
            for m in TEXT.finditer(bare)
            if m.group(1).strip() not in PROPER_NAMES
        ]
        faults += [f"{name}: {why}" for pattern, why in FORBIDDEN if pattern.search(bare)]
    return faults


def style_faults(root: Path) -> list[str]:
    faults = []
    for path in sorted(root.glob("*/static/css/*.css")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if PHYSICAL.search(line):
                faults.append(f"{path.relative_to(root)}:{number}: left or right: write inline-start or inline-end")
    return faults
