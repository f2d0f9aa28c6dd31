from __future__ import annotations

from pathlib import Path

import pytest

from tests.configurations import PUMP, but, faults, folder


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "channel: speed",
            "channel: sped",
            '5: modes.channel: unknown channel "sped"; did you mean',
        ),
        (
            "detector: zones",
            "detector: zone",
            '10: rules.high.detector: unknown detector "zone"; did',
        ),
        (
            "[vibration]",
            "[vibratoin]",
            '12: failure_modes.bearing.channels.0: unknown channel "vib',
        ),
        ("{vibration: {w", "{vibra: {w", "7: detectors.zones.channels.vibra: unknown channel"),
        (
            "mewma}",
            "mewma, ignore: [tmp]}",
            '8: detectors.pattern.ignore.0: unknown channel "tmp"; ',
        ),
        (
            "channel: vibration",
            "channel: vib",
            '13: health.channel: unknown channel "vib"; known: ',
        ),
        (
            "channel: vibration",
            "detector: zone",
            '13: health.detector: unknown detector "zone"; did',
        ),
        (
            "mode: bearing",
            "mode: baering",
            '13: health.failure_mode: unknown failure mode "baering"',
        ),
        ("unit: mm/s", "unit: mmm/s", '3: channels.vibration.unit: unknown unit "mmm/s"; did you'),
        ("unit: degC, p", "unit: C, p", '4: channels.temp.unit: unit "C": C is the coulomb'),
        ("degF", "Fahrenhei", '4: channels.temp.payload_unit: unknown unit "Fahrenhei"'),
        ("degF", "bar", '4: channels.temp.payload_unit: "bar" cannot be turned into "degC": '),
        (
            "alarm: 8",
            "alarm: 80",
            "7: detectors.zones.channels.vibration.alarm: 80 lies outside of ",
        ),
        ("alarm: 8", "low_alarm: -1", "low_alarm: -1 lies outside of the channel's range [0, 50]"),
        ("alarm: 8", "alarm: 2", "vibration: warning (4.0) must be below alarm (2.0)"),
        ("warning: 4, alarm: 8", "", "vibration: no line is given; allowed: low_alarm, low_warn"),
        ("alarm: 8", "alarm: .nan", "alarm: must be a finite number, not nan"),
        ("alarm: 8", "alarm: 1e999", "alarm: must be a finite number, not inf"),
        ("alarm: 8", "alarm: '8'", 'alarm: must be a number, not "8"; write it without quotes'),
        ("alarm: 8", "alarm: 8 mm/s", 'alarm: must be a number, not "8 mm/s"'),
        (
            "off_below: 10",
            "off_below: 9999",
            "5: modes.off_below: 9999 lies outside of the channel",
        ),
        ("off_below: 10", "off_below: 10, running_above: 5", "running_above (5) must not be below"),
        ("end: 8", "end: 80", "13: health.end: 80 lies outside of the channel's range [0, 50]"),
        (
            "end: 8",
            "end: 8, healthy: -1",
            "13: health.healthy: -1 lies outside of the channel's ra",
        ),
        ("end: 8", "end: 8, healthy: 8", "health: healthy and end are both 8.0; they must differ"),
        ("[0, 50]", "[50, 0]", "range: the lower end (50) must be below the upper end (0)"),
        ("[0, 50]", "[0]", "channels.vibration.range.1: missing; it has no default"),
        (
            "role: operating",
            "role: operatin",
            '"operatin" is not allowed; did you mean "operating"',
        ),
        (
            "kind: mewma",
            "kind: mewmaa",
            'unknown kind "mewmaa"; did you mean "mewma"? known: limit',
        ),
        (
            "kind: mewma",
            "hold: 2",
            '8: detectors.pattern: "kind" is missing; known: correlation, cusum, density, ensemble',
        ),
        ("kind: mewma", "kind: mewma, smoothing: 7", "smoothing: must be at most 1, not 7"),
        (
            "kind: mewma",
            "kind: mewma, learn: {span: 7}",
            "learn.span: 7 has no unit; write it like",
        ),
        ("kind: threshold", "kind: treshold", 'health.kind: "treshold" is not allowed; did you me'),
        (
            "detector: zones",
            "detector: zones, on_delay: 5",
            "on_delay: 5 has no unit; write it like",
        ),
        ("detector: zones", "detector: zones, at_score: 0", "at_score: must be above 0, not 0"),
        ("detector: zones", "detector: zones, deadband: 120%", '"120%" is not between 0% and 100%'),
        (
            "detector: zones",
            "detector: zones, severity: high",
            '"high" is not allowed; known: info',
        ),
        ("detector: zones", "detector: zones, group: data", 'group "data" is kept for cases about'),
        ("[Look.]", "[]", "failure_modes.bearing.actions: must have at least 1, has 0"),
        ("[Look.]", "[7]", 'actions.0: must be text, not 7; write it in quotes: "7"'),
        ("range: [0, 50]", "max_rate: 0", "channels.vibration.max_rate: must be above 0, not 0"),
        ("range: [0, 50]", "max_age: 0s", "channels.vibration.max_age: must be above 0s, not"),
        ("range: [0, 50]", "max_age: 60", "max_age: 60 has no unit; write it like"),
        (
            "[0, 50]",
            "[0, 50], over: sped",
            'channels.vibration.over: unknown channel "sped"; did',
        ),
        ("[0, 50]", "[0, 50], over: temp", "over: temp must have role: operating, and no other"),
        ("role: operating", "role: operating, over: speed", "over: speed is not judged, so it is"),
        ("[0, 50]", "[0, 50], role: counter, over: speed", "over: vibration is not judged, so it"),
        ("[0, 50]", "[0, 50], over: speed", "over: vibration is in mm/s and speed in rpm; both mu"),
        (
            "range: [0, 50]",
            "reporting: on_chnage",
            '"on_chnage" is not allowed; did you mean ',
        ),
        ("[0, 50]", "[0, 50], states: {on: 51}", "states.on: 51 lies outside of the channel's ran"),
        ("[0, 50]", "[0, 50], states: {true: yes}", 'states.true: must be a number, not "yes"'),
        ("[0, 50]", '[0, 50], states: {" ": 1}', '" " is not allowed; it must match \\S'),
        ("[0, 50]", "[0, 50], states: [on]", "states: must be a block of keys, not a list"),
        (
            "range: [0, 50]",
            "rnage: [0, 50]",
            'unknown key "rnage"; did you mean "range"? known: un',
        ),
    ],
)
def test_one_fault_of_a_class_is_told_once(tmp_path: Path, old: str, new: str, words: str) -> None:
    (said,) = faults(folder(tmp_path / "c", pump=but(PUMP, old, new)))

    assert said.startswith("classes/pump.yaml:")
    assert words in said


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[0, 50]", "[0, null]"),
        ("[0, 50]", "[null, 8]"),
        ("range: [0, 50]", "title: x"),
        ("[0, 50]", "[0, 50], states: {false: 0, true: 50, Läuft: 7}"),
        ("range: [0, 50]", "reporting: on_change, max_age: 1d"),
        ("alarm: 8", "alarm: 50"),
        ("off_below: 10", "off_below: 0"),
        ("channel: vibration", "detector: zones"),
    ],
)
def test_what_lies_just_within_is_taken(tmp_path: Path, old: str, new: str) -> None:
    assert faults(folder(tmp_path / "c", pump=but(PUMP, old, new))) == []


def test_one_fault_does_not_hide_the_next(tmp_path: Path) -> None:
    pump = but(but(PUMP, "unit: mm/s", "unit: 5"), "channel: speed", "channel: sped")
    said = faults(folder(tmp_path / "c", pump=but(pump, "end: 8", "end: 99")))

    assert [fault.split(": ")[1] for fault in said] == [
        "channels.vibration.unit",
        "modes.channel",
        "health.end",
    ]


def test_a_class_with_channels_alone_is_enough(tmp_path: Path) -> None:
    assert faults(folder(tmp_path / "c", pump="channels: {a: {}}\n")) == []
