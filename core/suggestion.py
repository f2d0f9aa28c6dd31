"""Words for a name that is not known: what it may have meant, and what is allowed."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable

_SHOWN = 12
_MOST = 1000
"""So many names are looked at; a file made to waste time could hold any number of them."""


def closest(name: str, known: Iterable[str], count: int = 1) -> list[str]:
    """List the known names that look most like `name`, best first; none where none is near."""
    folded: dict[str, str] = {}
    for each in itertools.islice(known, _MOST):
        folded.setdefault(each.casefold(), each)
    near = difflib.get_close_matches(name.casefold(), folded, count, 0.6)
    return [folded[each] for each in near]


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """Say that a name is not known, what was probably meant, and which names are."""
    names = list(known)
    guess = closest(name, names)
    meant = f'did you mean "{guess[0]}"? ' if guess else ""
    return f"unknown {what} {quoted(name)}; {meant}known: {listed(names)}"


def listed(names: Iterable[str]) -> str:
    """Write names one after the other, and count those beyond a dozen."""
    every = list(names)
    if not every:
        return "none"
    rest = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + rest


def quoted(text: str) -> str:
    """Quote what came from outside, on one line and not too long."""
    plain = text
    if not text.isprintable():
        plain = "".join(each if each.isprintable() else " " for each in text)
    return f'"{plain[:60]}…"' if len(plain) > 60 else f'"{plain}"'
