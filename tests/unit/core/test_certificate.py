"""Until when a certificate is valid, against what openssl says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.certificate import valid_until
from tests.certificates import Authority


@pytest.mark.parametrize("days", [1, 400, 20_000])
def test_the_last_day_is_read_before_and_after_2050(tmp_path: Path, days: int) -> None:
    made = Authority(tmp_path).sign("me", until=timedelta(days=days))
    expected = datetime.now(UTC) + timedelta(days=days)
    assert abs(valid_until(made.certificate) - expected) < timedelta(minutes=5)


def test_a_file_without_a_certificate_is_named(tmp_path: Path) -> None:
    made = Authority(tmp_path).sign("me")
    with pytest.raises(ValueError, match=r"me\.key holds no certificate"):
        valid_until(made.key)
