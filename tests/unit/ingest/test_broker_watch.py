"""A broker that loses messages is told of; one that was started again is not."""

from __future__ import annotations

from ingest.broker_watch import LASTS, BrokerWatch

NAME = "publish/messages/dropped"


def test_a_count_of_losses_that_rises_is_told_for_a_while() -> None:
    figures: dict[str, float | str] = {NAME: 5.0, "version": "mosquitto 2"}
    watch = BrokerWatch(figures)
    assert list(watch.notes(0.0)) == []
    figures[NAME] = 12.0
    ((code, words),) = watch.notes(10.0)
    assert code == "broker drops messages"
    assert "let go of 7 messages" in words
    assert [code for code, _ in watch.notes(10.0 + LASTS)] == [code]
    assert list(watch.notes(11.0 + LASTS)) == []


def test_a_count_that_starts_over_is_no_loss() -> None:
    figures: dict[str, float | str] = {NAME: 5.0}
    watch = BrokerWatch(figures)
    list(watch.notes(0.0))
    figures[NAME] = 0.0
    assert list(watch.notes(1.0)) == []
    figures[NAME] = 2.0
    assert len(list(watch.notes(2.0))) == 1


def test_other_figures_may_rise() -> None:
    figures: dict[str, float | str] = {"clients/connected": 1.0}
    watch = BrokerWatch(figures)
    list(watch.notes(0.0))
    figures["clients/connected"] = 9.0
    assert list(watch.notes(1.0)) == []
