"""`check`: reads the configuration as the service would, and names everything wrong in it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import SHIPPED, AsJson, ConfigFolder
from core.errors import ConfigError

if TYPE_CHECKING:
    from cli.configuration import Configuration


def check(
    config: ConfigFolder = SHIPPED,
    schema: Annotated[
        Path | None,
        typer.Option(help="Also write JSON Schemas into this folder, for editors.", metavar="DIR"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a configuration folder and say what is in it.

    Every fault is printed on a line of its own: file, line, key, the value and what is allowed.
    Exits with 2 where there are any.

    Examples:
      millwright check -c my-plant

      millwright check -c my-plant --schema my-plant/schema

    """
    from cli.configuration import load
    from cli.run_checks import check_runs

    if schema is not None:
        _write_schemas(schema, as_json=as_json)
    try:
        loaded = load(config)
        check_runs(loaded)
    except ConfigError as error:
        _tell_faults(error, as_json=as_json)
        raise typer.Exit(2) from None
    found = _summary(loaded)
    print(json.dumps(found, ensure_ascii=False) if as_json else _words(found))


def _write_schemas(folder: Path, *, as_json: bool) -> None:
    from cli.configuration import schema

    folder.mkdir(parents=True, exist_ok=True)
    for kind, body in schema().items():
        path = folder / f"{kind}.schema.json"
        path.write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        if not as_json:
            print(f"wrote {path}")


def _tell_faults(error: ConfigError, *, as_json: bool) -> None:
    if as_json:
        for fault in error.faults:
            print(json.dumps(asdict(fault), ensure_ascii=False))
        return
    print(error, file=sys.stderr)
    count = len(error.faults)
    print(f"{count} fault{'' if count == 1 else 's'}", file=sys.stderr)


def _summary(loaded: Configuration) -> dict[str, Any]:
    plant = loaded.plant
    return {
        "folder": str(loaded.folder),
        "revision": plant.revision,
        "data": str(loaded.data),
        "broker": loaded.service.broker.url,
        "sites": len(plant.sites),
        "assets": len(plant.assets),
        "rules": sum(len(each.rules) for each in plant.classes.values()),
        "classes": {
            name: {
                "assets": len(plant.assets_of(name)),
                "channels": len(each.channels),
                "detectors": len(each.detectors),
                "rules": len(each.rules),
                "failure_modes": len(each.failure_modes),
            }
            for name, each in plant.classes.items()
        },
    }


def _words(found: dict[str, Any]) -> str:
    classes: dict[str, dict[str, int]] = found["classes"]
    lines = [
        f"{found['folder']}: no fault in it (revision {found['revision']})",
        f"{_count(found['sites'], 'site')}, {_count(found['assets'], 'asset')},"
        f" {_count(len(classes), 'class')}, {_count(found['rules'], 'rule')}",
    ]
    for name, counts in classes.items():
        said = ", ".join(
            _count(number, what.removesuffix("s").replace("_", " "))
            for what, number in counts.items()
        )
        lines.append(f"  {name}: {said}")
    lines.append(f"broker {found['broker']}, data in {found['data']}")
    return "\n".join(lines)


def _count(number: int, what: str) -> str:
    if number == 1:
        return f"1 {what}"
    return f"{number} {what}{'es' if what.endswith('s') else 's'}"
