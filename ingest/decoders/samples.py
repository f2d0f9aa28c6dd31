"""Long lists of samples, as numbers or as packed bytes."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Literal, TypeAlias

import numpy as np

from core.readings import Floats
from core.rejection import Reason
from ingest.payload import Bad, Constant, Number, described

Encoding: TypeAlias = Literal["list", "int16", "int32", "float32", "float64"]
"""A list of numbers, or packed little-endian numbers: base64 as text, or bytes as they are."""

_PACKED = {"int16": "<i2", "int32": "<i4", "float32": "<f4", "float64": "<f8"}
_NUMBERS = {int, float, Number}


def read_samples(name: str, said: Any, encoding: Encoding, longest: int) -> Floats:
    """Read the samples that stand at `name`; Bad where any of them is none, or there are too many.

    Returns them as they were sent, all of them finite.
    """
    if encoding == "list":
        found = _listed(name, said, longest)
    else:
        found = _unpacked(name, said, encoding, longest)
    if not np.isfinite(found).all():
        first = int(np.flatnonzero(~np.isfinite(found))[0])
        detail = f"sample {first + 1} of {name} is {found[first]:g}"
        raise Bad(Reason.NOT_FINITE, detail)
    return found


def _listed(name: str, said: Any, longest: int) -> Floats:
    if type(said) is not list:
        detail = f"{name} is {_told(said)}, not a list of numbers"
        raise Bad(Reason.MALFORMED, detail)
    _check_count(name, len(said), longest)
    kinds = set(map(type, said))
    if Constant in kinds:
        detail = f"a sample of {name} is not a finite number"
        raise Bad(Reason.NOT_FINITE, detail)
    if not kinds <= _NUMBERS:
        strange = next(each for each in said if type(each) not in _NUMBERS)
        detail = f"a sample of {name} is {_told(strange)}, not a number"
        raise Bad(Reason.NOT_A_NUMBER, detail)
    try:
        return np.fromiter(map(float, said), np.float64, len(said))
    except OverflowError:
        detail = f"a sample of {name} is beyond any real value"
        raise Bad(Reason.NOT_FINITE, detail) from None


def _unpacked(name: str, said: Any, encoding: str, longest: int) -> Floats:
    form = np.dtype(_PACKED[encoding])
    if type(said) is str:
        _check_count(name, len(said) * 3 // 4 // form.itemsize - 2, longest)
        try:
            said = base64.b64decode(said, validate=True)
        except (binascii.Error, ValueError) as error:
            detail = f"{name} is not base64: {error}"
            raise Bad(Reason.MALFORMED, detail) from None
    if type(said) is not bytes:
        detail = f"{name} is {_told(said)}, not {encoding} in base64 or bytes"
        raise Bad(Reason.MALFORMED, detail)
    if len(said) % form.itemsize:
        detail = f"{name} has {len(said)} bytes, not a whole number of {encoding}"
        raise Bad(Reason.MALFORMED, detail)
    _check_count(name, len(said) // form.itemsize, longest)
    with np.errstate(invalid="ignore"):  # a signalling NaN is refused with the others
        return np.frombuffer(said, form).astype(np.float64)


def _check_count(name: str, count: int, longest: int) -> None:
    if count > longest:
        detail = f"{name} has {count:,} samples; allowed: {longest:,}"
        raise Bad(Reason.OVERSIZED, detail)


def _told(said: Any) -> str:
    return f"{len(said)} bytes" if type(said) is bytes else described(said)
