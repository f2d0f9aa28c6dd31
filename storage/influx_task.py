"""The tasks by which InfluxDB itself sums telemetry up, for everyone who looks at it.

What Millwright shows is right without them: it sums up what it wrote, late values too
(`storage/influx_steps.py`, where the form of the result is said). Bad values take no part; only
assets that have any within the span are looked at value by value.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SumTask:
    """Sums `source` up to steps into `target`: how often, and how far back values may be late."""

    name: str
    source: str
    target: str
    step: str
    every: str
    back: str

    @property
    def flux(self) -> str:
        """What InfluxDB runs; bucket names hold nothing that would end a text."""
        return _TASK.format(
            name=self.name,
            source=self.source,
            target=self.target,
            step=self.step,
            every=self.every,
            back=self.back,
        )


def tasks_for(bucket: str) -> tuple[SumTask, SumTask]:
    """Return the tasks for a bucket of telemetry."""
    minutes, hours = f"{bucket}_1m", f"{bucket}_1h"
    return (
        SumTask(f"millwright {minutes}", bucket, minutes, "1m", "5m", "20m"),
        SumTask(f"millwright {hours}", bucket, hours, "1h", "30m", "2h"),
    )


_TASK = """\
import "array"
import "date"
import "regexp"
import "strings"
import "types"

option task = {{name: "{name}", every: {every}, offset: 10s}}

source = "{source}"
target = "{target}"
end = date.truncate(t: now(), unit: {step})
begin = date.truncate(t: date.sub(from: now(), d: {back}), unit: {step})

names = from(bucket: source)
  |> range(start: begin, stop: end)
  |> filter(fn: (r) => r._field =~ /_quality$/)
  |> filter(fn: (r) => types.isType(v: r._value, type: "int"))
  |> filter(fn: (r) => r._value >= 2)
  |> group(columns: ["asset"])
  |> distinct(column: "asset")
  |> group()
  |> findColumn(fn: (key) => true, column: "_value")
quoted = array.map(arr: names, fn: (x) => regexp.quoteMeta(v: x))
doubtful = regexp.compile(v: "^(" + strings.joinStr(arr: quoted, v: "|") + ")$")

// a function, not a stream that is shared: each use is summed up where it lies
sound = () => from(bucket: source)
  |> range(start: begin, stop: end)
  |> filter(fn: (r) => r._field !~ /_quality$/ and r.asset !~ doubtful)

alike = () => from(bucket: source)
  |> range(start: begin, stop: end)
  |> filter(fn: (r) => r._field =~ /_quality$/ and r.asset !~ doubtful)
  |> filter(fn: (r) => types.isType(v: r._value, type: "float"))

judged = from(bucket: source)
  |> range(start: begin, stop: end)
  |> filter(fn: (r) => r.asset =~ doubtful)
  |> map(fn: (r) => ({{r with
      kind: if types.isType(v: r._value, type: "int") then "mark" else "value",
      _field: if types.isType(v: r._value, type: "int")
        then strings.trimSuffix(v: r._field, suffix: "_quality")
        else r._field,
      _value: float(v: r._value)
  }}))
  |> group(columns: ["_start", "_stop", "_measurement", "site", "area", "asset", "_field"])
  |> pivot(rowKey: ["_time"], columnKey: ["kind"], valueColumn: "_value")
  |> filter(fn: (r) => exists r.value)
  |> map(fn: (r) => ({{r with
      _value: r.value, counted: if exists r.mark and r.mark >= 2.0 then 0.0 else 1.0
  }}))
  |> drop(columns: ["value", "mark"])
good = judged |> filter(fn: (r) => r.counted > 0.0) |> drop(columns: ["counted"])
counts = judged |> drop(columns: ["_value"]) |> rename(columns: {{counted: "_value"}})

kept = (tables=<-, fn, statistic, name) => tables
  |> aggregateWindow(every: {step}, fn: fn, createEmpty: false, timeSrc: "_start")
  |> set(key: "statistic", value: statistic)
  |> drop(columns: ["_start", "_stop"])
  |> toFloat()
  |> to(bucket: target)
  |> yield(name: name)

sound() |> kept(fn: mean, statistic: "mean", name: "sound mean")
sound() |> kept(fn: min, statistic: "min", name: "sound min")
sound() |> kept(fn: max, statistic: "max", name: "sound max")
sound() |> kept(fn: count, statistic: "count", name: "sound count")
alike() |> kept(fn: mean, statistic: "mean", name: "alike mean")
alike() |> kept(fn: min, statistic: "min", name: "alike min")
alike() |> kept(fn: max, statistic: "max", name: "alike max")
alike() |> kept(fn: count, statistic: "count", name: "alike count")
good |> kept(fn: mean, statistic: "mean", name: "good mean")
good |> kept(fn: min, statistic: "min", name: "good min")
good |> kept(fn: max, statistic: "max", name: "good max")
counts |> kept(fn: sum, statistic: "count", name: "good count")
"""
