"""Errors, typed by what to do about them."""

from __future__ import annotations

from dataclasses import dataclass


class MillwrightError(Exception):
    """Root of every error that Millwright raises on purpose."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a configuration file: where it stands and what is allowed there."""

    path: str
    line: int | None
    message: str

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{place}: {self.message}"


class ConfigError(MillwrightError):
    """What an engineer wrote cannot be used; holds every fault found, not only the first."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


class Unavailable(MillwrightError):
    """Something outside is not there now: wait and try again.

    `retry_after` is in seconds where the other side named it.
    """

    def __init__(self, what: str, retry_after: float | None = None) -> None:
        self.what = what
        self.retry_after = retry_after
        super().__init__(what)


class DiskTrouble(Unavailable):
    """The disk of this machine does not take or give it now: it is full, or it fails."""


class Refused(MillwrightError):
    """This will never succeed as it is: do not try again."""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One row that was not taken, as text that can be looked at, and why."""

    text: bytes
    why: str


class PartlyRefused(MillwrightError):
    """Some of a batch was taken and some never will be.

    `accepted` and `refused` count rows; `rows` are the refused ones, where the store can tell.
    """

    def __init__(
        self, accepted: int, refused: int, why: str, rows: tuple[RefusedRow, ...] = ()
    ) -> None:
        self.accepted = accepted
        self.refused = refused
        self.rows = rows
        super().__init__(f"{refused} of {accepted + refused} refused: {why}")
