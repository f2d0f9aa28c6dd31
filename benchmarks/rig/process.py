"""What a process has cost so far, as the system accounts it."""

from __future__ import annotations

import os
from pathlib import Path


def cost(pid: int, count: int) -> tuple[float, float]:
    """Read a process's CPU per message in µs, and its peak memory in MB."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    seconds = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
    return seconds / count * 1e6, peak(pid)


def peak(pid: int) -> float:
    """Read a process's peak memory in MB."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
