"""`models promote | rollback`: which version of an asset's models is in service."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.model_versions import AssetName, loaded_with, version_of
from cli.options import SHIPPED, ConfigFolder, plain
from core.errors import Refused

By = Annotated[str, typer.Option(help="Who does it.", envvar=["USER", "LOGNAME"])]
Number = Annotated[int, typer.Argument(help="The version, as `models list` numbers it.", min=1)]


def promote(asset: AssetName, number: Number, by: By, config: ConfigFolder = SHIPPED) -> None:
    """Put a version into service, by way of the journal.

    What it takes the place of is kept as a version to roll back to. One that was found to be worse
    is refused, and so is any while a case stands on the machine: either could mute a true alert.

    Examples:
      millwright models promote lahore/water/pump-01 3 --by Ayesha -c my-plant

    """
    from cli.model_change import desk, undecided
    from core.model_version import Verb

    loaded = loaded_with(config, asset)
    with desk(loaded) as at:
        one = version_of(at.store, asset, number)
        if not one.fit:
            msg = f"version {number} may not go into service: {'; '.join(one.reasons)}"
            raise Refused(msg)
        words = at.serve(one, Verb.PROMOTE, by, at.keep(asset, at.restored()))
    if words is None:
        raise undecided(loaded)
    print(plain(words))


def rollback(asset: AssetName, by: By, config: ConfigFolder = SHIPPED) -> None:
    """Go back to the version before, by way of the journal.

    Examples:
      millwright models rollback lahore/water/pump-01 --by Ayesha -c my-plant

    """
    from cli.model_change import desk, undecided
    from core.model_version import Verb

    loaded = loaded_with(config, asset)
    with desk(loaded) as at:
        serving = at.restored().models.book.serving.get(asset)
        if serving is None or not serving.before:
            msg = f"there is no version of {asset} before the one in service"
            raise Refused(msg)
        words = at.serve(version_of(at.store, asset, serving.before[-1]), Verb.ROLLBACK, by)
    if words is None:
        raise undecided(loaded)
    print(plain(words))
