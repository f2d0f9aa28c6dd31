from __future__ import annotations

import numpy as np

from core.casefile import Advance, Status
from core.history import Columns


def test_an_advance_changes_only_what_it_names() -> None:
    advance = Advance(7)

    assert advance.position == 7
    assert not (advance.alerts or advance.transitions or advance.notices or advance.outcomes)
    assert not (advance.work or advance.statuses or advance.conditions or advance.checkpoint)
    assert Advance(1).checkpoint is not Advance(2).checkpoint


def test_two_assets_do_not_share_their_counts() -> None:
    one, other = (
        Status(name, None, None, "off", False, "no data", None, None) for name in ("a", "b")
    )
    one.counts["late"] = 1

    assert other.counts == {}


def test_columns_are_as_long_as_their_times() -> None:
    columns = Columns(("a", "b"), np.arange(3), np.zeros((3, 2)))

    assert len(columns) == 3
    assert columns.quality is None
