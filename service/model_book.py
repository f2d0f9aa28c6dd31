"""The book of models: which version is in service, what it replaced, and what did not load.

It moves by the journal alone, and what a revision carries is all that is looked at, so that the
same journal gives the same models.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from core.casefile import Outcome
from core.clock import Instant
from core.errors import Refused
from core.model_version import ModelChange, Verb
from core.plant import SERVICE_ASSET, Severity
from service.adoption import adopt, readiness
from service.finding import NOTE, Finding
from service.fleet import Fleet

BROKEN = f"{NOTE}model"
LOST = f"{NOTE}models of "
RUNS = f"{NOTE}model of runs of "
NOT_LOADED = "model not loaded"
ANEW = "learning anew"
DEPTH = 10
"""So many versions back it can be gone, one after another."""


class Serving(msgspec.Struct):
    """The version that an asset is judged by, since when, and those before it, latest last."""

    version: int
    at: Instant
    by: str
    before: list[int] = []


class Book(msgspec.Struct):
    """What lasts. `broken` says of an asset what did not load, `lost` of a class whose is gone.

    `lost_at` is when that was found.
    """

    serving: dict[str, Serving] = {}
    broken: dict[str, str] = {}
    lost: dict[str, list[str]] = {}
    lost_at: dict[str, Instant] = {}


_books = msgspec.json.Decoder(Book)


def book_of(checkpoint: Mapping[str, bytes]) -> Book:
    """Read the book out of a checkpoint; an empty one where there is none. Refused if damaged."""
    try:
        return _books.decode(checkpoint.get("models", b"{}"))
    except (msgspec.MsgspecError, UnicodeError) as error:
        msg = f"the book of models in the checkpoint is damaged: {error}"
        raise Refused(msg) from error


class ModelBook:
    """Puts versions into service and keeps account of it."""

    def __init__(self) -> None:
        self.book = Book()
        self._untold: dict[str, list[str]] = {}

    def save(self) -> bytes:
        """Return what a restart needs."""
        return msgspec.json.encode(self.book)

    def restore(self, checkpoint: Mapping[str, bytes]) -> None:
        """Take over what `save` gave."""
        self.book = book_of(checkpoint)

    def lose(self, asset_class: str, assets: Collection[str]) -> None:
        """Note that what was learned of a class's assets could not be taken over at a start."""
        before = self.book.lost.get(asset_class, [])
        self._untold[asset_class] = sorted({*assets, *before})

    def begin(self, fleets: Iterable[Fleet], at: Instant) -> list[Finding]:
        """Tell what was lost at the start, at the entry that says that one was.

        So it is of models of runs to failure that do not load, or do again.
        """
        untold, self._untold = self._untold, {}
        self.book.lost |= untold
        self.book.lost_at |= dict.fromkeys(untold, at)
        return [_runs(fleet, at) for fleet in fleets if fleet.asset_class.runs is not None] + [
            Finding(
                SERVICE_ASSET, LOST + name, ANEW, True, at, Severity.INFO,
                title=f"The models of class {name} are learned anew",
                summary=(
                    f"What was learned of {len(assets)} of its machines was made for other settings"
                    " or by another release. It is relearned from history; what there is too little"
                    " history for learns live. `millwright models list` shows how far it is."
                ),
            )
            for name, assets in untold.items()
        ]  # fmt: skip

    def change(
        self, change: ModelChange, fleet: Fleet, at: Instant, *, ill: bool
    ) -> tuple[Outcome, list[Finding]]:
        """Put a version into service; where that fails, what is in service goes on.

        None is promoted while a case stands on the machine (`ill`): that could mute it.
        """
        if change.verb is Verb.BROKEN:
            return self._no(change, change.words), [self._broken(change, change.words, at)]
        if ill and change.verb is Verb.PROMOTE:
            words = f"a case stands on {change.asset}: promote once it has ended, or roll back"
            return self._no(change, words), []
        try:
            adopt(fleet, [fleet.number[change.asset]], change.signatures, change.body)
        except Refused as error:
            words = f"{change.file}: {error}"
            return self._no(change, words), [self._broken(change, words, at)]
        self._serve(change, at)
        words = f"version {change.version} of {change.asset} is in service"
        return Outcome(change.id, True, words), self._mended(change.asset, at)

    def over(self, fleets: Iterable[Fleet], at: Instant) -> list[Finding]:
        """Tell of which classes all that was lost has been learned again."""
        ended = []
        for fleet in fleets:
            name = fleet.asset_class.name
            if name not in self.book.lost:
                continue
            left = [
                one
                for one in self.book.lost[name]
                if one in fleet.number and readiness(fleet, fleet.number[one]) < 1
            ]
            if left:
                self.book.lost[name] = left
            else:
                del self.book.lost[name], self.book.lost_at[name]
                why = "all of its machines are judged again"
                ended.append(Finding(SERVICE_ASSET, LOST + name, ANEW, False, at, why=why))
        return ended

    def standing(self, fleets: Iterable[Fleet]) -> set[tuple[str, str, str]]:
        """List the troubles that stand, as asset, group and rule."""
        lost = {(SERVICE_ASSET, LOST + name, ANEW) for name in self.book.lost}
        of_runs = [fleet.asset_class.name for fleet in fleets if fleet.lives.trouble]
        lost |= {(SERVICE_ASSET, RUNS + name, NOT_LOADED) for name in of_runs}
        return lost | {(asset, BROKEN, NOT_LOADED) for asset in self.book.broken}

    def forget(self, asset: str) -> None:
        """Note that an asset learns anew after work: no version is in service of it."""
        self.book.serving.pop(asset, None)

    def _serve(self, change: ModelChange, at: Instant) -> None:
        now = self.book.serving.get(change.asset)
        before = list(now.before) if now else []
        if change.verb is Verb.ROLLBACK:
            while before and before.pop() != change.version:
                pass
        elif change.replaces:
            before = [*before, change.replaces]
            before = [*before[:1], *before[1:][-DEPTH + 1 :]]  # the first stays: it is a measure
        self.book.serving[change.asset] = Serving(change.version, at, change.by, before)

    def _broken(self, change: ModelChange, words: str, at: Instant) -> Finding:
        renewed = change.asset in self.book.broken
        self.book.broken[change.asset] = words
        summary = (
            f"{words}. The model in service goes on judging. `millwright models learn --asset"
            f" {change.asset}` learns a new one from history."
        )
        return Finding(
            change.asset, BROKEN, NOT_LOADED, True, at, Severity.WARNING,
            title=f"Version {change.version} of the model does not load", summary=summary,
            renewed=renewed,
        )  # fmt: skip

    def _mended(self, asset: str, at: Instant) -> list[Finding]:
        if self.book.broken.pop(asset, None) is None:
            return []
        why = "another version is in service"
        return [Finding(asset, BROKEN, NOT_LOADED, False, at, why=why)]

    def _no(self, change: ModelChange, words: str) -> Outcome:
        return Outcome(change.id, False, words)


def _runs(fleet: Fleet, at: Instant) -> Finding:
    """Tell that a model of runs to failure does not load, or that it does."""
    name, why = fleet.asset_class.name, fleet.lives.trouble
    given = (SERVICE_ASSET, RUNS + name, NOT_LOADED)
    if not why:
        return Finding(*given, False, at, why="the model loads")
    return Finding(
        *given, True, at, Severity.WARNING,
        title=f"The model of runs to failure of class {name} does not load",
        summary=(
            f"{why}. Remaining life of its machines is told by what else is known of them. Mend"
            " the model, or `runs` of the class, until `millwright check` finds no fault, and start"
            " the service again."
        ),
    )  # fmt: skip
