"""Cases and what belongs to them as bytes: MessagePack, which keeps every float as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from core.alert import (
    Alert,
    AlertState,
    ChannelEvidence,
    Evidence,
    FailureMatch,
    Notice,
    Transition,
)
from core.casefile import Outcome, Status
from core.life import CannotSay, InUse, LifeEstimate, Outlook, Record, Remaining
from core.plant import Severity
from core.work import WorkEvent

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder()
_transitions = msgspec.msgpack.Decoder(Transition)
_outcomes = msgspec.msgpack.Decoder(Outcome)
_work = msgspec.msgpack.Decoder(WorkEvent)


def encode(value: Alert | Transition | Notice | Outcome | Status | WorkEvent) -> bytes:
    """Turn a value into the bytes that the file keeps."""
    return _encoder.encode(value)


def transition(body: bytes, number: int) -> Transition:
    """Read a transition back, with the id that the file gave it."""
    return replace(_transitions.decode(body), id=number)


def outcome(body: bytes) -> Outcome:
    """Read an outcome back."""
    return _outcomes.decode(body)


def work(body: bytes) -> WorkEvent:
    """Read a work event back."""
    return _work.decode(body)


def alert(body: bytes) -> Alert:
    """Read a case back."""
    return _alert(_decoder.decode(body))


def status(body: bytes) -> Status:
    """Read an asset's status back."""
    fields = _decoder.decode(body)
    life = fields["life"]
    others = tuple(_estimate(one) for one in fields.get("others", ()))
    return Status(**{**fields, "life": None if life is None else _estimate(life), "others": others})


def notice(body: bytes, number: int, event: int) -> Notice:
    """Read a notice back, with its id and that of its transition."""
    fields = _decoder.decode(body)
    moved = msgspec.convert({**fields["transition"], "id": event}, Transition)
    return Notice(fields["notifier"], fields["dedup_key"], _alert(fields["alert"]), moved, number)


def _alert(fields: dict[str, Any]) -> Alert:
    evidence = fields["evidence"]
    return Alert(
        **{
            **fields,
            "severity": Severity(fields["severity"]),
            "state": AlertState(fields["state"]),
            "rules": tuple(fields["rules"]),
            "active": tuple(fields["active"]),
            "evidence": Evidence(
                **{
                    **evidence,
                    "channels": tuple(_channel(one) for one in evidence["channels"]),
                    "candidates": tuple(evidence["candidates"]),
                    "actions": tuple(evidence["actions"]),
                    "life": _life(evidence["life"]),
                    "matches": tuple(_match(one) for one in evidence.get("matches", ())),
                }
            ),
        }
    )


def _channel(fields: dict[str, Any]) -> ChannelEvidence:
    low, high = fields.get("usual", (None, None))
    return ChannelEvidence(**{**fields, "usual": (low, high)})


def _match(fields: dict[str, Any]) -> FailureMatch:
    lists = {name: tuple(fields[name]) for name in ("shown", "missing")}
    return FailureMatch(**{**fields, **lists})


def _life(fields: dict[str, Any] | None) -> LifeEstimate | CannotSay | None:
    if fields is None:
        return None
    return _estimate(fields) if "remaining" in fields else CannotSay(**fields)


def _estimate(fields: dict[str, Any]) -> LifeEstimate:
    usage = fields.get("usage")
    kept = {
        "remaining": _outlook(fields["remaining"]),
        "record": _record(fields.get("record")),
        "usage": None if usage is None else InUse(**usage),
    }
    return LifeEstimate(**{**fields, **kept})


def _record(fields: dict[str, Any] | None) -> Record | None:
    return None if fields is None else Record(**{**fields, "below": tuple(fields["below"])})


def _outlook(fields: dict[str, Any]) -> Outlook:
    if "p50" not in fields:
        return CannotSay(**fields)
    return Remaining(**{**fields, "course": tuple(fields.get("course", ()))})
