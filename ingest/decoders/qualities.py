"""How far a sender trusts its own value, in the words of plants and in the codes of OPC UA."""

from __future__ import annotations

from typing import Any

from core.readings import Quality
from core.rejection import Reason
from core.settings import Settings
from core.suggestion import listed
from ingest.payload import Bad, described

_SEVERITIES = (Quality.GOOD, Quality.UNCERTAIN, Quality.BAD, Quality.BAD)
_CODES = {"Good": 0, "Uncertain": 0x40000000, "Bad": 0x80000000}


class QualityWords(Settings):
    """What stands for good, uncertain and bad where a payload says so, in small letters."""

    good: tuple[str, ...] = ("good", "ok", "valid", "true", "192")
    uncertain: tuple[str, ...] = ("uncertain", "questionable", "64")
    bad: tuple[str, ...] = ("bad", "invalid", "error", "false", "0")

    def table(self) -> dict[str, Quality]:
        """Give the quality of every word."""
        return {
            word.lower(): quality
            for quality, words in zip(Quality, (self.good, self.uncertain, self.bad), strict=True)
            for word in words
        }


def quality_of(name: str, said: Any, table: dict[str, Quality]) -> Quality:
    """Read a quality; Bad where the table does not have it."""
    word = str(said).lower() if isinstance(said, str | int | float) else ""
    found = table.get(word[:40])
    if found is None:
        detail = f"the quality of {name[:60]} is {described(said)}; known: {listed(table)}"
        raise Bad(Reason.MALFORMED, detail)
    return found


def status_quality(name: str, said: Any) -> Quality:
    """Read an OPC UA status: a number, `{"Code": number}`, or a name such as `BadNodeIdUnknown`.

    The two highest of its 32 bits say how bad it is: 00 good, 01 uncertain, 10 bad.
    """
    if type(said) is dict:
        said = said.get("Code", said.get("code", said.get("Symbol", 0)))
    if said is None:
        return Quality.GOOD
    code = -1
    if isinstance(said, str):
        code = next((each for word, each in _CODES.items() if said.startswith(word)), -1)
        if code < 0 and said.isascii() and said.isdigit() and len(said) <= 10:
            code = int(said)
    elif type(said) is int:
        code = said
    if not 0 <= code < 2**32:
        detail = f"the status of {name[:60]} is {described(said)}, not a number of 32 bits"
        raise Bad(Reason.MALFORMED, detail)
    return _SEVERITIES[code >> 30]
