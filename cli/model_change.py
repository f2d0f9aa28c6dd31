"""Puts a version of a model into service by way of the journal, and waits for the outcome."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from core.clock import system_clock
from core.errors import Refused, Unavailable
from core.journal import Revision, draft
from core.model_version import ModelChange, ModelVersion, Verb

if TYPE_CHECKING:
    from cli.configuration import Configuration
    from core.casefile import CaseFile
    from core.journal import Journal
    from service.casework import Casework
    from storage.model_folder import ModelFolder

PATIENCE = 10.0
"""Seconds to wait for scoring to take a change up."""

KEPT = 12
"""So many versions of an asset are kept, besides those that can be gone back to."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a change of models needs open."""

    config: Configuration
    journal: Journal
    casefile: CaseFile
    store: ModelFolder

    def restored(self) -> Casework:
        """Open what scoring has committed."""
        from service.schooling import restored

        return restored(self.config.plant, self.casefile)

    def keep(self, asset: str, now: Casework) -> int:
        """Keep what an asset is judged by as a version; returns its number, 0 for none."""
        from service.schooling import keep, served

        found = served(now, asset)
        if found is None:
            return 0
        plant = self.config.plant
        return keep(self.store, plant, asset, found, system_clock(), release())

    def serve(self, one: ModelVersion, verb: Verb, by: str, replaces: int = 0) -> str | None:
        """Append the change and wait; returns scoring's words, None where nothing decides now.

        Refused with scoring's words, or where the state cannot be read, which is told in the feed.
        """
        place = self.store.place(one.asset, one.number)
        try:
            body = self.store.body(one.asset, one.number)
        except Refused as error:
            self._append(ModelChange(_key(), one.asset, one.number, Verb.BROKEN, by, place,
                                     words=str(error)))  # fmt: skip
            raise
        change = ModelChange(
            _key(), one.asset, one.number, verb, by, place, one.signatures, body, replaces
        )
        self._append(change, one.digest)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            outcome = self.casefile.outcome(change.id)
            if outcome is not None and not outcome.accepted:
                raise Refused(outcome.words)
            if outcome is not None:
                return outcome.words
            time.sleep(0.05)
        return None

    def _append(self, change: ModelChange, digest: str = "") -> None:
        revision = Revision("model", digest, f"{change.verb} {change.version}", change)
        self.journal.append([draft(system_clock(), revision)])


@contextmanager
def desk(config: Configuration) -> Iterator[Desk]:
    """Open the stores that a change of models needs."""
    from cli.adapters import open_casefile, open_journal

    journal = open_journal(config)
    try:
        casefile = open_casefile(config)
        try:
            yield Desk(config, journal, casefile, open_models(config))
        finally:
            casefile.close()
    finally:
        journal.close()


def open_models(config: Configuration) -> ModelFolder:
    """Open the folder of versions of models."""
    from storage.model_folder import ModelFolder

    return ModelFolder(config.data / "models")


def undecided(config: Configuration) -> Unavailable:
    """Say that no scoring runs to take a change up."""
    return Unavailable(
        f"written down, but not taken up yet: no `millwright run` or `serve` works on"
        f" {config.data.resolve()}; it is taken up when one starts"
    )


def release() -> str:
    """Name the release that is running."""
    try:
        return version("millwright")
    except PackageNotFoundError:
        return ""


def _key() -> str:
    return uuid.uuid4().hex
