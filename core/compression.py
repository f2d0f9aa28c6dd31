"""Bytes compressed with zstd (RFC 8878); what was sent to us never unpacks to more than a bound."""

from __future__ import annotations

from core.errors import Refused

LARGEST = 32_000_000
"""What unpacks to more bytes than this is refused, before room is made for it."""

_LEVEL = 9


def compress(body: bytes) -> bytes:
    """Compress; Refused where the other side would not take it."""
    import zstandard  # only where there is something to forward

    if len(body) > LARGEST:
        msg = f"{len(body):,} bytes are too many for one message; at most {LARGEST:,}"
        raise Refused(msg)
    return zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress(body)


def decompress(body: bytes) -> bytes:
    """Give back what was compressed; ValueError where that is none of ours, or too large."""
    import zstandard

    try:
        size = zstandard.get_frame_parameters(body).content_size
        if size > LARGEST:  # also where it does not say how large it is
            msg = f"it says that it unpacks to {size:,} bytes; at most {LARGEST:,}"
            raise ValueError(msg)
        return zstandard.ZstdDecompressor().decompress(body, max_output_size=LARGEST)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from None
