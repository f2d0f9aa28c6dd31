"""`models list | show`: versions of models, and which one is in service."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import SHIPPED, AsJson, ConfigFolder, json_line, plain, print_rows
from core.clock import iso
from core.errors import Refused
from core.suggestion import unknown

if TYPE_CHECKING:
    from cli.configuration import Configuration
    from core.model_version import ModelVersion
    from service.model_book import Book
    from storage.model_folder import ModelFolder

AssetName = Annotated[str, typer.Argument(help="The asset, as `site/area/name`.")]


def list_versions(
    asset: Annotated[
        str | None, typer.Argument(help="Only this asset.", show_default=False)
    ] = None,
    config: ConfigFolder = SHIPPED,
    as_json: AsJson = False,
) -> None:
    """List the versions of models, and which are in service.

    `fit` says whether a version was found not to be worse than the one in service when it was made.

    Examples:
      millwright models list -c my-plant
      millwright models list lahore/water/pump-01 -c my-plant --json

    """
    loaded = loaded_with(config, asset)
    store, book = _look(loaded)
    rows = [_row(one, book) for one in store.versions(asset)]
    columns = ("asset", "version", "in_service", "made", "cause", "rows", "fit", "why")
    print_rows(rows, columns, as_json=as_json)
    for name, words in sorted(book.broken.items()):
        if not as_json and asset in {None, name}:
            print(f"{plain(name)}: does not load: {plain(words)}")


def show(
    asset: AssetName,
    number: Annotated[
        int | None, typer.Argument(help="The newest where left out.", show_default=False, min=1)
    ] = None,
    config: ConfigFolder = SHIPPED,
    as_json: AsJson = False,
) -> None:
    """Tell what one version learned from, and how it did.

    Examples:
      millwright models show lahore/water/pump-01 3 -c my-plant

    """
    loaded = loaded_with(config, asset)
    store, book = _look(loaded)
    one = version_of(store, asset, number)
    if as_json:
        print(json_line(asdict(one) | {"in_service": _row(one, book)["in_service"]}))
        return
    for line in _lines(one, book, store.place(asset, one.number)):
        print(plain(line))


def loaded_with(folder: Path, asset: str | None) -> Configuration:
    """Load a configuration; Refused where it has no such asset."""
    from cli.configuration import load

    loaded = load(folder)
    if asset is not None and asset not in loaded.plant.assets:
        raise Refused(unknown("asset", asset, loaded.plant.assets))
    return loaded


def _look(loaded: Configuration) -> tuple[ModelFolder, Book]:
    from cli.adapters import existing, open_casefile
    from cli.model_change import open_models
    from service.model_book import book_of

    casefile = open_casefile(existing(loaded))
    try:
        return open_models(loaded), book_of(casefile.load().checkpoint)
    finally:
        casefile.close()


def version_of(store: ModelFolder, asset: str, number: int | None) -> ModelVersion:
    """Find a version, the newest where no number is given; Refused tells which there are."""
    known = [one.number for one in store.versions(asset)]
    found = store.version(asset, max(known, default=0) if number is None else number)
    if found is None:
        have = ", ".join(str(one) for one in known) or "none"
        which = "version" if number is None else f"version {number}"
        msg = f"no {which} of {asset} is kept; known: {have}"
        raise Refused(msg)
    return found


def _row(one: ModelVersion, book: Book) -> dict[str, Any]:
    serving = book.serving.get(one.asset)
    ours = serving is not None and serving.version == one.number
    return {
        "asset": one.asset,
        "version": one.number,
        "in_service": f"since {iso(serving.at)}" if serving and ours else "",
        "made": iso(one.made),
        "cause": str(one.cause),
        "rows": one.learned.used or "",
        "fit": "yes" if one.fit else "no",
        "why": "; ".join(one.reasons),
    }


def _lines(one: ModelVersion, book: Book, place: str) -> list[str]:
    from service.model_words import told

    row = _row(one, book)
    head = f"{one.asset} version {one.number} ({one.asset_class}), made {row['made']}, {one.cause}"
    service = f"in service {row['in_service']}" if row["in_service"] else "not in service"
    return [head, service, *told(one), f"state: {place}, {one.size} bytes"]
