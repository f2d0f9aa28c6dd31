"""The configuration folder: read, checked as a whole, and made into a plant and settings."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from cli.channel_checks import over_nothing
from cli.class_checks import check_class
from cli.class_text import ClassText
from cli.costs import costs_of
from cli.folder import class_files, misnamed, shown
from cli.import_settings import ImportSettings
from cli.plant_checks import check_plant
from cli.plant_text import PlantText
from cli.resolving import asset_class_of, assets_of, sites_of, unfit
from cli.service_checks import check_feed, check_sparkplug
from cli.service_settings import ServiceSettings
from core.document import Document, read
from core.errors import ConfigError, Fault
from core.plant import AssetClass, Plant
from core.suggestion import quoted
from core.validation import NAME_PATTERN, not_a_name, validate
from storage import life_folder

KINDS: dict[str, type[BaseModel]] = {
    "plant": PlantText,
    "class": ClassText,
    "service": ServiceSettings,
    "import": ImportSettings,
}
"""The kinds of file and the form of each."""

_Form = TypeVar("_Form", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Configuration:
    """A checked configuration folder. `data` is where everything that must last is kept."""

    folder: Path
    plant: Plant
    service: ServiceSettings

    @property
    def data(self) -> Path:
        """The data folder as it is found from anywhere."""
        return (self.folder / self.service.data).resolve()


def load(folder: Path) -> Configuration:
    """Read and check a folder; ConfigError holds every fault in every file."""
    faults: list[Fault] = []
    if not folder.is_dir():
        raise ConfigError(Fault(str(folder), None, "no such folder"))
    faults += misnamed(folder)
    plant_file, plant = _read(folder / "plant.yaml", PlantText, faults)
    service_file, service = _read(folder / "service.yaml", ServiceSettings, faults, optional=True)
    if service_file is not None and service is not None:
        faults += check_feed(service_file, service.feed)
    files, classes = _classes(folder, faults)
    if plant_file is not None:
        faults += check_plant(plant_file, files)
    if plant is not None and service_file is not None and service is not None and not faults:
        sparkplug = service.ingest.sparkplug
        faults += check_sparkplug(service_file, sparkplug, assets_of(plant), classes)
    if faults or plant is None or plant_file is None or service is None:
        raise ConfigError(*sorted(set(faults), key=lambda f: (f.path, f.line or 0, f.message)))
    built = Plant(
        sites=sites_of(plant),
        assets=assets_of(plant),
        classes=classes,
        revision=_revision([plant_file, *files.values()], classes),
        too_early=plant.too_early,
        retention=service.history.keep,
        tick_every=plant.tick_every,
        place=service.place,
        senders=service.ingest.senders,
        silent_sites=service.ingest.silent_sites,
        gone_after=plant.gone_after,
        costs=costs_of(plant),
    )
    return Configuration(folder, built, service)


def _read(
    path: Path, form: type[_Form], faults: list[Fault], *, optional: bool = False
) -> tuple[Document | None, _Form | None]:
    if optional and not path.exists():
        return None, form()
    document, wrong = read(path, shown(path))
    faults += wrong
    if document is None:
        return None, None
    made, wrong = validate(form, document)
    faults += wrong
    return document, made


def _classes(
    folder: Path, faults: list[Fault]
) -> tuple[dict[str, Document | None], dict[str, AssetClass]]:
    """Read all classes; those whose file is at fault are named, but not made."""
    files: dict[str, Document | None] = {}
    made: dict[str, AssetClass] = {}
    for path in class_files(folder):
        before = len(faults)
        document, text = _read(path, ClassText, faults)
        name = path.stem
        if document is not None:
            given = document.get("name")
            name = given if isinstance(given, str) else name
            faults += check_class(document)
            if not re.match(NAME_PATTERN, name):
                faults.append(document.fault(("name",), not_a_name(name)))
            if name in files:
                faults.append(document.fault(("name",), f"duplicate class {quoted(name)}"))
        files[name] = document
        if document is not None and text is not None and len(faults) == before:
            found = asset_class_of(name, text)
            made[name] = replace(found, runs=found.runs and found.runs.within(folder))
            faults += [*over_nothing(made[name], document), *unfit(made[name], document)]
    return files, made


def _revision(documents: Iterable[Document | None], classes: Mapping[str, AssetClass]) -> str:
    """Name the content of plant and classes, and of models of runs; not comments and layout."""
    content = [document.data for document in documents if document is not None]
    models = [Path(each.runs.model) for each in classes.values() if each.runs is not None]
    content += [life_folder.content(model) for model in models]
    body = json.dumps(content, ensure_ascii=True, separators=(",", ":")).encode()
    return hashlib.blake2b(body, digest_size=8).hexdigest()


def schema() -> dict[str, dict[str, Any]]:
    """Return a JSON Schema for each kind of file."""
    from cli.schema import schemas

    return schemas(KINDS)
