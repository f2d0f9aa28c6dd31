"""Which class a proposed asset is of: one that is there, or a new one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cli.change import Change
from cli.class_guess import class_text, usable
from cli.folder import shown
from core.clock import iso
from core.errors import Refused
from core.proposal import Proposal
from core.suggestion import listed, unknown
from core.validation import NAME_PATTERN

if TYPE_CHECKING:
    from cli.configuration import Configuration


def class_of(config: Configuration, proposal: Proposal, named: str | None) -> str:
    """Find the class that was named, or the only one that has all channels that were seen."""
    classes = config.plant.classes
    seen = set(proposal.channels)
    if named is not None:
        found = classes.get(named)
        if found is None:
            raise Refused(unknown("class", named, classes))
        if lacking := seen - set(found.channel_names):
            msg = (
                f"class {found.name} has no channel {listed(sorted(lacking))}; add it there, or"
                " take --new-class"
            )
            raise Refused(msg)
        return found.name
    fitting = [name for name, each in classes.items() if seen and seen <= set(each.channel_names)]
    if len(fitting) == 1:
        return fitting[0]
    said = f"fit: {listed(sorted(fitting))}" if fitting else "no class has all its channels"
    msg = f"which class is {proposal.asset} of? {said}; say --class or --new-class"
    raise Refused(msg)


def new_class(config: Configuration, proposal: Proposal, name: str) -> Change:
    """Write a class from what was seen; `Refused` where there is one of that name."""
    path = config.folder / "classes" / f"{name}.yaml"
    if not re.match(NAME_PATTERN, name) or name.startswith("."):
        msg = f"{name!r} cannot be the name of a class: letters, digits and _ . : -"
        raise Refused(msg)
    if name in config.plant.classes or path.exists():
        msg = f"there is a class {name} already; say --class {name}"
        raise Refused(msg)
    if not usable(proposal):
        msg = f"nothing is known of what {proposal.asset} measures; write {shown(path)} by hand"
        raise Refused(msg)
    return Change(path, None, class_text(proposal, iso(proposal.first), iso(proposal.last)))
