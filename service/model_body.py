"""What was learned of one asset as bytes: an NPZ of plain arrays, named `detector/array`.

Reading it executes nothing: arrays of objects, which would need pickle, are never read.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping

import numpy as np

from core.errors import Refused
from models.detector import State

LARGEST = 64_000_000
"""More bytes than this, unpacked, are no state of one asset."""

_BROKEN = (
    ValueError, OSError, EOFError, KeyError, SyntaxError, NotImplementedError, RuntimeError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
_KINDS = "biufU"


def pack(states: Mapping[str, State]) -> bytes:
    """Write the states of an asset's detectors, each with one row."""
    arrays = {f"{d}/{name}": kept for d, state in states.items() for name, kept in state.items()}
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def unpack(body: bytes) -> dict[str, State]:
    """Read back what `pack` wrote; Refused where it is something else."""
    states: dict[str, State] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            if sum(one.file_size for one in packed.infolist()) > LARGEST:
                msg = f"it unpacks to more than {LARGEST} bytes"
                raise Refused(msg)
        with np.load(io.BytesIO(body), allow_pickle=False) as found:
            for key in found.files:
                detector, _, name = key.partition("/")
                array = found[key]
                if not name or array.dtype.kind not in _KINDS or array.shape[:1] != (1,):
                    msg = f"{key!r} is no state of one asset"
                    raise Refused(msg)
                states.setdefault(detector, {})[name] = array
    except _BROKEN as error:
        msg = f"it cannot be read as a state: {error}"
        raise Refused(msg) from error
    return states
