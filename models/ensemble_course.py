"""Ensemble course: how an asset's running means and references go on, row by row, compiled.

A reference follows its feature slowly, stands still while that is suspect, and comes home with a
machine that is back where it was learned.
"""

from __future__ import annotations

import math

from core.readings import Floats
from models.ensemble_state import Course, Known, Now
from models.kernel import step

QUICK = 0.3  # the weight of a new residual in the quick mean, around which scatter is measured
SCATTER = 0.05  # its weight in the running scatter
LOUDEST = 16.0  # up to how many times its usual variance a single residual counts there
LEAST = 0.02  # below this part of the usual variance scatter is all the same
WILD = 12.0  # beyond how many deviations from the quick mean a single reading is pulled in
SUSPECT = 0.8  # from this part of its line on a channel's reference stands still
ADAPT = 0.05  # the weight of a new score in what scores lately were while above the line
FADE = 0.999  # by how much that is forgotten with each reading below the line
HOME = 1.0  # within so many deviations, as learned, a feature is back where it was learned
ASTRAY = 2.0  # beyond so many its reference has gone elsewhere, and comes back with it
SKEWED = 1.25  # so much farther scatter may be away: its logarithm is skewed
STOOD = 64.0  # after so many rows a reference that stands may come home with all others


@step
def advance(residual: Floats, a: int, known: Known, course: Course, now: Now) -> None:
    """Move the running means of an asset by one row of residuals, NaN where silent.

    `together[a, k]` is the part of channel k in how far all scatter, whitened.
    """
    quiet, whiten, quick, level = known.quiet[a], known.whiten[a], course.quick[a], course.level[a]
    scatter, together = course.scatter[a], course.together[a]
    width, step, part = len(residual), now.step, now.part
    for k in range(width):
        step[k] = 0.0
        if math.isnan(residual[k]):
            continue
        off = min(max(residual[k] - quick[k], -WILD), WILD)
        step[k] = off / math.sqrt(quiet[k])
        scatter[k] += SCATTER * (min(step[k] * step[k], LOUDEST) - scatter[k])
        pulled = quick[k] + off
        level[k] += known.smoothing[a] * (pulled - level[k])
        quick[k] += QUICK * off
    whole, number = 0.0, 0
    for k in range(width):
        pull = 0.0
        for j in range(width):
            pull += whiten[k, j] * step[j]
        part[k] = pull * step[k]
        whole += part[k]
        number += 0 if math.isnan(residual[k]) else 1
    most = LOUDEST * number
    tamed = most / whole if whole > most else 1.0
    for k in range(width):
        if not math.isnan(residual[k]):
            together[k] += SCATTER * (part[k] * tamed - together[k])


@step
def look(a: int, known: Known, course: Course, out: Floats) -> None:
    """Write the features of an asset as they are now: levels, scatters, all together."""
    width = len(known.judged[a])
    whole, number = 0.0, 0
    for k in range(width):
        out[k] = course.level[a, k]
        out[width + k] = math.log(course.scatter[a, k] + LEAST)
        if known.judged[a, k]:
            whole += course.together[a, k]
            number += 1
    out[2 * width] = math.log(max(whole, 0.0) / max(number, 1) + LEAST)


@step
def settle(a: int, known: Known, course: Course, now: Now) -> None:
    """Do what the row before has left to do, before a new one is looked at.

    So a row that is repeated finds everything as it was.
    """
    width, feature = course.level.shape[1], now.feature
    look(a, known, course, feature)
    if course.over[a]:
        _come_home(a, known, course, now)
    for m in range(2 * width + 1):
        if course.follows[a, m] == 1:
            gap = feature[m] - known.usual[a, m] - course.place[a, m]
            end = known.alone[a] * math.sqrt(known.far[a, m])
            place = course.place[a, m] + known.rate[a, m] * gap
            course.place[a, m] = min(max(place, -end), end)
            younger = (1.0 - known.rate[a, m]) ** 2
            course.age[a, m] = max(course.age[a, m] * younger, 1.0)
        elif course.follows[a, m] == 2:
            course.age[a, m] += 1.0
        course.follows[a, m] = 0
    if course.over[a]:
        first = course.lately[a] < 1.0
        gain = 1.0 if first else ADAPT
        course.lately[a] += gain * (course.said[a] - course.lately[a])
    else:
        course.lately[a] *= FADE
    course.above[a] = course.over[a]


@step
def _come_home(a: int, known: Known, course: Course, now: Now) -> None:
    """Let references that have stood come back with a machine that is where it was learned.

    A slow fault drags its reference along; when it ends, the machine is away from that.
    """
    width, away = course.level.shape[1], now.joint
    whole, number = 0.0, 0
    for k in range(width):
        away[k] = 0.0
        if known.judged[a, k]:
            away[k] = (now.feature[k] - known.usual[a, k]) / math.sqrt(known.widest[a, k])
            number += 1
    for k in range(width):
        for j in range(width):
            whole += away[k] * known.wide[a, k, j] * away[j]
    for m in range(2 * width + 1):
        place, reach = now.feature[m] - known.usual[a, m], math.sqrt(known.widest[a, m])
        astray = abs(place) < HOME * reach and abs(course.place[a, m]) > ASTRAY * reach
        stood = m < width and course.age[a, m] > STOOD and whole < HOME * HOME * number
        if astray or stood:
            course.place[a, m], course.age[a, m] = place, 1.0


@step
def stand(a: int, known: Known, course: Course, away: Floats, over: bool, locked: bool) -> None:
    """Mark which references follow with the next row (1), and which stand and grow old (2)."""
    width = len(known.judged[a])
    for m in range(2 * width + 1):
        limit = known.alone[a] if m < width else SKEWED * known.alone[a]
        if m < 2 * width and not known.judged[a, m % width]:
            course.follows[a, m] = 0
        elif locked or over or abs(away[m]) > SUSPECT * limit:
            course.follows[a, m] = 2
        else:
            course.follows[a, m] = 1
