"""What accepting a proposed asset changes in the files, and doing it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.accept_retry import retry_of
from cli.change import Change
from cli.class_choice import class_of, new_class
from cli.plant_edit import with_asset
from core.errors import ConfigError, Refused
from core.proposal import Proposal, Proposals
from core.suggestion import unknown
from core.validation import NAME_PATTERN

if TYPE_CHECKING:
    from cli.configuration import Configuration


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asked for."""

    asset: str
    asset_class: str | None = None
    new_class: str | None = None
    title: str = ""
    timezone: str | None = None


def planned(
    config: Configuration, proposals: Proposals, wish: Wish
) -> tuple[Proposal, tuple[Change, ...]]:
    """Work out what changes; `Refused` says what is missing or does not fit."""
    proposal = proposals.find(wish.asset)
    if wish.asset in config.plant.assets:
        msg = (
            f"{wish.asset} is in the plant already; `millwright messages retry` tries its messages"
        )
        raise Refused(msg)
    if proposal is None:
        known = [one.asset for one in proposals.listed()]
        raise Refused(unknown("proposed asset", wish.asset, known))
    levels = wish.asset.split("/")
    if len(levels) != 3 or not all(re.match(NAME_PATTERN, level) for level in levels):
        msg = (
            f"{wish.asset} cannot be the id of an asset (site/area/name, letters, digits and"
            " _ . : -); give it another with `assets` of its source in service.yaml"
        )
        raise Refused(msg)
    entry = {"class": wish.new_class or class_of(config, proposal, wish.asset_class)}
    if wish.title:
        entry["title"] = wish.title
    path = config.folder / "plant.yaml"
    text = path.read_bytes().decode("utf-8-sig")
    zone = _zone(config, wish, levels[0])
    changes = [Change(path, text, with_asset(text, wish.asset, entry, zone))]
    if wish.new_class is not None:
        changes.append(new_class(config, proposal, wish.new_class))
    return proposal, tuple(changes)


def put(config: Configuration, proposal: Proposal, changes: Sequence[Change]) -> int:
    """Write the files, check them, and try what was refused; returns how many were taken.

    `Refused` with the faults, and the files as they were, where the check finds any.
    """
    from cli.configuration import load

    try:
        for change in changes:
            change.do()
        mended = load(config.folder)
    except BaseException as error:
        for change in changes:
            change.undo()
        if isinstance(error, ConfigError):
            msg = f"nothing was changed, since it would not be sound:\n{error}"
            raise Refused(msg) from error
        raise
    return retry_of(mended, proposal)


def _zone(config: Configuration, wish: Wish, site: str) -> str | None:
    if site in config.plant.sites:
        return None
    if wish.timezone is None:
        msg = f"the site {site} is not in the plant yet; say its --timezone, such as Asia/Karachi"
        raise Refused(msg)
    return wish.timezone
