"""What is remembered of names from outside is bounded, whoever invents them."""

from __future__ import annotations

import gc
import json
import tracemalloc

from ingest.directory import Directory
from ingest.form import forms
from ingest.sources import Source, SourceSettings
from tests.messages import NOW
from tests.unit.ingest.test_sources import MAPPING, decoder, plant, said, sent


def test_names_that_somebody_invents_are_not_kept() -> None:
    found = decoder(decoder=MAPPING | {"asset_path": "id"})
    kept = []
    tracemalloc.start()
    for number in range(24):
        stranger = f"m/lahore/{number}-{'x' * 20_000}/f1"
        strange = [
            json.dumps({"t": 0, "id": f"{number}-{k}-{'x' * 200}", "data": {"vibration": 1.0}})
            for k in range(100)
        ]
        found.decode([*(sent(each.encode()) for each in strange), sent(said(), stranger)], NOW)
        if number in {11, 23}:
            gc.collect()
            kept.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert kept[1] - kept[0] < 200_000


def test_names_of_values_are_kept_within_bounds() -> None:
    source = Source(
        SourceSettings.model_validate({"name": "s", "topic": "m/{asset}", "decoder": MAPPING}),
        Directory(plant()),
    )
    form = forms(plant())["fan"]
    tracemalloc.start()
    for number in range(300):
        names = tuple(f"{number}-{k}-{'x' * 100}" for k in range(500))
        assert source.shape(form, names, {}).width == 500
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept < 10_000_000
    once = source.shape(form, ("vibration",), {})
    assert source.shape(form, ("vibration",), {}) is once
