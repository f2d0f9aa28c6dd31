"""A life model as a folder: `model.json` says what `arrays.npz` is. Nothing in it executes code."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import DiskTrouble, Refused

RECORD, ARRAYS = "model.json", "arrays.npz"
FORMAT = "millwright life 1"


def keep(folder: Path, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write a model: the arrays first and the record last, each aside and then moved in place."""
    body = io.BytesIO()
    np.savez_compressed(body, **dict(arrays))  # type: ignore[arg-type]
    digest = hashlib.sha256(body.getvalue()).hexdigest()
    record = {"format": FORMAT, "digest": digest, **facts}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / ARRAYS, body.getvalue())
        text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        _write(folder / RECORD, text.encode())
    except OSError as error:
        msg = f"{folder}: cannot keep the model: {error.strerror}"
        raise DiskTrouble(msg) from error


def kept(folder: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read a model; Refused says why what is there is none."""
    try:
        record = json.loads((folder / RECORD).read_bytes())
        body = (folder / ARRAYS).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        msg = f"{folder}: no model of `millwright life fit` in it: {error.filename} is not there"
        raise Refused(msg) from error
    except OSError as error:
        msg = f"{folder}: cannot be read: {error.strerror}"
        raise Refused(msg) from error
    except ValueError as error:
        msg = f"{folder / RECORD}: damaged: {error}"
        raise Refused(msg) from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        msg = f"{folder / RECORD}: no model that this version reads; it reads {FORMAT!r}"
        raise Refused(msg)
    if hashlib.sha256(body).hexdigest() != record.get("digest"):
        msg = f"{folder / ARRAYS}: damaged: not what was once written"
        raise Refused(msg)
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        msg = f"{folder / ARRAYS}: damaged: {error}"
        raise Refused(msg) from error
    return record, arrays


def content(folder: Path) -> str:
    """Name what a model is: by its record, which names its arrays; empty where there is none."""
    try:
        return hashlib.blake2b((folder / RECORD).read_bytes(), digest_size=8).hexdigest()
    except OSError:
        return ""


def _write(path: Path, body: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(body)
    part.replace(path)
