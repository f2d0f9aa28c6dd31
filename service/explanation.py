"""Explanation in words: in which way channels deviate, and which known failure modes fit."""

from __future__ import annotations

from collections.abc import Sequence

from core.alert import ChannelEvidence, Evidence, FailureMatch
from core.clock import MINUTE
from core.deviation import Kind
from models.signature import PARTLY, WELL
from service.lengths import length

NO_MATCH = "None of the known failure modes fits."

_TROUBLES = {
    Kind.STEP: "A step: the level changed at once and has stayed",
    Kind.DRIFT: "A drift: the level moves slowly, one way",
    Kind.OSCILLATION: "A swing: it goes up and down in a regular way",
    Kind.NOISE: "More scatter than usual, around the same level",
    Kind.CORRELATION: "Channels no longer move together as they did, each within its usual range",
    Kind.STUCK: "Stuck: the same value again and again",
    Kind.SPIKE: "A spike: a single reading or two far off the others",
}
_COURSES = {
    Kind.STEP: ("stepped up", "stepped down", "stepped"),
    Kind.DRIFT: ("drifting up", "drifting down", "drifting"),
    Kind.OSCILLATION: ("swinging",) * 3,
    Kind.NOISE: ("scattering more",) * 3,
    Kind.CORRELATION: ("no longer with the others",) * 3,
    Kind.STUCK: ("stuck",) * 3,
    Kind.SPIKE: ("a spike",) * 3,
}
_SENTENCES = {
    Kind.STEP: ("stepped up", "stepped down", "made a step"),
    Kind.DRIFT: ("has been drifting up", "has been drifting down", "has been drifting"),
    Kind.OSCILLATION: ("swings up and down",) * 3,
    Kind.NOISE: ("scatters more than usual",) * 3,
    Kind.STUCK: ("has stood at the same value",) * 3,
    Kind.SPIKE: ("had a spike",) * 3,
}
_LIES = {
    "stuck": Kind.STUCK,
    "jumpy": Kind.SPIKE,
    "drift": Kind.DRIFT,
    "bias": Kind.STEP,
    "noise": Kind.NOISE,
    "spikes": Kind.SPIKE,
}
_LASTING = frozenset({Kind.DRIFT, Kind.STUCK})


def trouble(kind: str) -> str:
    """Say in a few words what kind of trouble it is; empty where it has no name."""
    known = _kind(kind)
    return "" if known is None else _TROUBLES[known]


def lie(rule: str) -> Kind | None:
    """Tell the kind of what a sensor does by the rule that found it; None where it has no kind."""
    return _LIES.get(rule)


def course(channel: ChannelEvidence) -> str:
    """Say in two or three words how a channel's level goes; empty where nothing is known."""
    known = _kind(channel.kind)
    if known is None:
        return ("moved", "higher", "lower")[channel.direction] if channel.direction else ""
    return _COURSES[known][_way(channel)]


def course_sentence(channel: ChannelEvidence, evidence: Evidence) -> str:
    """Say how a channel came to where it is, and since when; empty where that has no name."""
    known = _kind(channel.kind)
    if known is None or known not in _SENTENCES:
        return ""
    said = f"{_capital(channel.label)} {_SENTENCES[known][_way(channel)]}"
    past = 0 if channel.since is None else evidence.at - channel.since
    if past < MINUTE:
        return f"{said}."
    return f"{said} {'for' if known in _LASTING else 'about'} {_since(past, known)}."


def together(evidence: Evidence) -> str:
    """Say which channels no longer move together; empty where that is not the trouble."""
    names = [channel.label for channel in evidence.channels[:2]]
    if evidence.kind != Kind.CORRELATION or len(names) < 2:
        return ""
    return f"{_capital(names[0])} and {names[1]} no longer move together as they did."


def fit_words(fit: float) -> str:
    """Say how well a failure mode fits."""
    return "fits well" if fit >= WELL else "fits partly" if fit >= PARTLY else "hardly fits"


def match_sentence(match: FailureMatch) -> str:
    """Say how well a failure mode fits, and by what."""
    said = f"{match.title} {fit_words(match.fit)} ({round(100 * match.fit)} %)"
    if match.missing:
        said += f"; {listed(match.missing)} {'does' if len(match.missing) == 1 else 'do'} not"
    return f"{said}."


def listed(names: Sequence[str]) -> str:
    """List names as a sentence does."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _since(past: int, kind: Kind) -> str:
    return f"about {length(past)}" if kind in _LASTING else f"{length(past)} before"


def _way(channel: ChannelEvidence) -> int:
    return {1: 0, -1: 1}.get(channel.direction, 2)


def _kind(name: str) -> Kind | None:
    """Read a kind; one that a newer release may have told is not known here."""
    return Kind(name) if name in set(Kind) else None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
