"""A life model as a folder: `model.json` says what `arrays.npz` is. Nothing in it executes code."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import DiskTrouble, Refused

RECORD, ARRAYS = "model.json", "arrays.npz"
FORMAT = "millwright life 1"


def check(folder: Path) -> None:
    """Raise Refused where a model cannot be written to a folder, before anything is fitted."""
    there = folder.absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        msg = f"--model: {there} is no folder; allowed: a folder, which is made where it is missing"
    elif not os.access(there, os.W_OK | os.X_OK):
        msg = f"--model: {there} cannot be written to; allowed: a folder that can be"
    else:
        return
    raise Refused(msg)


def keep(folder: Path, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write a model: the arrays first and the record last, each aside and then moved in place.

    Raises Refused where a fact is no number.
    """
    body = io.BytesIO()
    np.savez_compressed(body, **dict(arrays))  # type: ignore[arg-type]
    digest = hashlib.sha256(body.getvalue()).hexdigest()
    record = {"format": FORMAT, "digest": digest, **facts}
    try:
        text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    except ValueError as error:
        msg = "the runs came to no model: a figure of it is no number"
        raise Refused(msg) from error
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / ARRAYS, body.getvalue())
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
    except (ValueError, RecursionError) as error:
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
