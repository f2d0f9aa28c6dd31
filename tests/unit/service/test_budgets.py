"""What was promised and what came is told from what scoring has committed."""

from __future__ import annotations

from cli.configuration import load
from cli.options import SHIPPED
from core.clock import DAY
from models.budget import Account
from service.budgets import Promise, promises
from storage.casefile_memory import MemoryCaseFile


def account(*, delivered: float = 0.1, supported: bool = True) -> Account:
    return Account(0.1, delivered, 0.9, 90 * DAY, supported, 0 if supported else 12 * DAY)


def test_how_a_promise_stands_is_said_in_words() -> None:
    assert Promise("a", "d", 0.4, account()).words == "still learning: 40%"
    assert Promise("a", "d", 1.0, account()).words == "kept"
    assert Promise("a", "d", 1.0, account(delivered=0.5)).words == "not kept yet"
    said = Promise("a", "d", 1.0, account(supported=False)).words
    assert said == "budget not yet supported: 12.0 days more are needed"


def test_every_asset_of_a_learned_detector_has_an_account() -> None:
    shipped = load(SHIPPED).plant
    found = list(promises(shipped, MemoryCaseFile()))
    assert {(one.asset, one.detector) for one in found} == {
        (asset, "pattern") for asset in shipped.assets
    }
    assert all(one.ready < 1 and one.account.span == 0 for one in found)
