from pathlib import Path
from typing import Any

import pytest

from cli.layouts import layout_of
from core.clock import HOUR
from core.errors import Refused
from simulators.layout import Layout


def layout(**given: Any) -> Layout:
    nothing = {"separator": None, "names": None, "time": None, "step": None, "asset_column": None}
    return layout_of(**{**nothing, "drop": "", "renames": None, **given})


def test_what_is_not_said_is_left_to_be_recognised() -> None:
    assert layout() == Layout()


def test_all_that_is_said_is_taken() -> None:
    found = layout(
        separator="tab",
        names="unit,cycle,s1..s3",
        time="cycle",
        step="1h",
        asset_column="unit",
        drop=" s2, ,s3 ",
        renames=["s1=flow", "Flow (m3/h) = flow"],
    )
    assert found == Layout(
        separator="\t",
        names=("unit", "cycle", "s1", "s2", "s3"),
        time="cycle",
        step=HOUR,
        asset_column="unit",
        drop=("s2", "s3"),
        rename=(("s1", "flow"), ("Flow (m3/h)", "flow")),
    )


def test_names_may_stand_in_a_file(tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("unit\ncycle\n")
    assert layout(names=str(names)).names == ("unit", "cycle")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"step": "fast"}, "--step: 'fast' is not a quantity"),
        ({"step": "0s"}, "--step: a count must last longer than 0s"),
        ({"renames": ["flow"]}, "write it as COLUMN=CHANNEL"),
        ({"names": "a,a"}, "names given more than once: a"),
    ],
)
def test_what_makes_no_sense_is_named(given: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        layout(**given)
