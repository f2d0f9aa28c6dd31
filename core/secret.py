"""Secrets: written in configuration only as references, never shown."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class Secret:
    """A reference, `env:NAME` or `file:PATH`, to a value that is read when it is needed."""

    __slots__ = ("reference",)

    def __init__(self, reference: str) -> None:
        kind, _, rest = reference.partition(":")
        if kind not in {"env", "file"} or not rest:
            msg = "a secret is written as env:NAME or file:PATH, never in clear"
            raise ValueError(msg)
        self.reference = reference

    def __repr__(self) -> str:
        """Show where the secret comes from, not what it is."""
        return f"Secret({self.reference!r})"

    def __eq__(self, other: object) -> bool:
        """Compare references."""
        return isinstance(other, Secret) and self.reference == other.reference

    def __hash__(self) -> int:
        """Hash the reference."""
        return hash(self.reference)

    def reveal(self) -> str:
        """Read the value; ValueError names what is missing or empty, or a file that is not safe."""
        kind, _, rest = self.reference.partition(":")
        if kind == "env":
            value = os.environ.get(rest)
            if not value:
                msg = f"environment variable {rest} is {'not set' if value is None else 'empty'}"
                raise ValueError(msg)
            return value
        return _read(Path(rest))

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: type[Any], _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Take the reference as text."""
        return core_schema.no_info_after_validator_function(
            cls,
            core_schema.str_schema(pattern="^(env|file):.+$"),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda secret: secret.reference
            ),
        )


def _read(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        msg = f"secret file {path}: not UTF-8"
        raise ValueError(msg) from None
    except OSError as error:
        msg = f"secret file {path}: {error.strerror}"
        raise ValueError(msg) from error
    if mode & stat.S_IROTH:
        msg = f"secret file {path} is readable by everyone; chmod o-r {path}"
        raise ValueError(msg)
    if not text:
        msg = f"secret file {path} is empty"
        raise ValueError(msg)
    return text
