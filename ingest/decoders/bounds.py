"""How much one message may say, whatever form it comes in."""

from __future__ import annotations

from pydantic import Field

from core.rejection import Reason
from core.settings import Settings
from core.suggestion import quoted
from ingest.payload import Bad
from ingest.sample import Sample

_TOLD = 5
LONGEST_TEXT = 256
"""So many characters a name, or a value that is text, may have."""

MOST_EXACT = 2**53
"""Whole numbers up to this are floats to the last digit."""


class Bounded(Settings):
    """What every decoder takes: the most samples of a message, and the most values of a sample."""

    max_samples: int = Field(default=10_000, ge=1, le=1_000_000)
    max_values: int = Field(default=10_000, ge=1, le=1_000_000)

    def check(self, samples: int) -> None:
        """Refuse a message that says too much."""
        if samples > self.max_samples:
            detail = f"more than {self.max_samples:,} samples in one message"
            raise Bad(Reason.OVERSIZED, detail)

    def check_values(self, values: int) -> None:
        """Refuse a message in which one sample holds too much."""
        if values > self.max_values:
            detail = f"more than {self.max_values:,} values in one sample"
            raise Bad(Reason.OVERSIZED, detail)


def short(what: str, text: str) -> str:
    """Give a text back; Bad where it is longer than a name or a state can be."""
    if len(text) > LONGEST_TEXT:
        detail = f"{what} {quoted(text)} has {len(text):,} characters; at most {LONGEST_TEXT}"
        raise Bad(Reason.OVERSIZED, detail)
    return text


def usable(samples: list[Sample]) -> list[Sample]:
    """Give back what holds anything of use; Bad where all of it is at fault."""
    if (samples and samples[0].values) or any(one.values or one.quality for one in samples):
        return samples
    bad = [each for sample in samples for each in sample.bad]
    if not bad:
        raise Bad(Reason.NO_VALUES, "there is no value in it")
    told = "; ".join(each.detail for each in bad[:_TOLD])
    more = f"; and {len(bad) - _TOLD} more" if len(bad) > _TOLD else ""
    raise Bad(bad[0].reason, told + more)
