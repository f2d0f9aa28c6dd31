"""Prefetch: memory is asked for what is kept of an asset while the row before is still judged.

With ten thousand assets nothing of one is near when its turn comes, and a row would wait for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.kernel import Machine

LINE = 64
"""Bytes that memory brings at once."""

_READ, _KEEP, _DATA = 0, 3, 1


def _made(numba: Any) -> Any:
    """Make the machine's own instruction of it (LLVM's `llvm.prefetch`), line by line."""
    if numba.config.DISABLE_JIT:
        return _plain
    from llvmlite import ir
    from numba.core import cgutils as untyped
    from numba.core import types
    from numba.extending import intrinsic

    cgutils: Any = untyped

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        first, last = (
            context.make_array(kind)(context, builder, array)
            for kind, array in zip(signature.args[:2], args[:2], strict=True)
        )
        each = cgutils.unpack_tuple(builder, first.strides, signature.args[0].ndim)[0]
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        start = builder.gep(builder.bitcast(first.data, byte), [builder.mul(args[2], each)])
        begin, end = (builder.ptrtoint(array.data, each.type) for array in (first, last))
        lines = builder.sdiv(builder.sub(end, begin), each.type(LINE))
        ask = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [byte, number, number, number]),
            "llvm.prefetch.p0i8",
        )
        how = [number(_READ), number(_KEEP), number(_DATA)]
        with cgutils.for_range(builder, lines) as loop:
            line = builder.gep(start, [builder.mul(loop.index, each.type(LINE))])
            builder.call(ask, [line, *how])
        return context.get_dummy_value()

    @intrinsic
    def prefetch(_typing: Any, first: Any, last: Any, place: Any) -> Any:
        return types.void(first, last, types.intp), build

    return prefetch


def _plain(first: NDArray[np.float64], last: NDArray[np.float64], place: int) -> None:
    """Do nothing: a plain loop waits."""


prefetch = Machine(_plain, _made)
"""Ask for what is packed of the asset in `place`: from `first[place]` up to `last[place]`."""
