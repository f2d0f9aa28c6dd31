from pathlib import Path

import pytest
from pydantic import ValidationError

from core.secret import Secret
from core.settings import Settings


class Login(Settings):
    password: Secret


def test_a_secret_is_read_from_the_environment_when_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    login = Login.model_validate({"password": "env:BROKER_PASSWORD"})
    monkeypatch.setenv("BROKER_PASSWORD", "tiger")

    assert login.password.reveal() == "tiger"
    assert "tiger" not in repr(login)
    assert login.model_dump(mode="json") == {"password": "env:BROKER_PASSWORD"}


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(ValueError, match="environment variable NOT_SET_ANYWHERE is not set"):
        Secret("env:NOT_SET_ANYWHERE").reveal()


def test_a_secret_is_read_from_a_file_without_its_line_end(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("tiger\n")
    file.chmod(0o600)

    assert Secret(f"file:{file}").reveal() == "tiger"


def test_a_file_that_everyone_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("tiger")
    file.chmod(0o644)

    with pytest.raises(ValueError, match="is readable by everyone; chmod o-r"):
        Secret(f"file:{file}").reveal()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="gone: No such file or directory"):
        Secret(f"file:{tmp_path}/gone").reveal()


@pytest.mark.parametrize("written", ["tiger", "env:", "vault:x", ""])
def test_a_secret_in_clear_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="env:NAME or file:PATH, never in clear"):
        Secret(written)
    with pytest.raises(ValidationError):
        Login.model_validate({"password": written})


def test_equal_references_are_equal_secrets() -> None:
    assert Secret("env:A") == Secret("env:A")
    assert len({Secret("env:A"), Secret("env:A"), Secret("env:B")}) == 2
    assert Secret("env:A") != "env:A"


def test_an_empty_secret_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EMPTY", "")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "empty").chmod(0o600)

    with pytest.raises(ValueError, match="environment variable EMPTY is empty"):
        Secret("env:EMPTY").reveal()
    with pytest.raises(ValueError, match="empty is empty"):
        Secret(f"file:{tmp_path}/empty").reveal()


def test_a_secret_that_is_no_text_is_refused_without_showing_a_byte(tmp_path: Path) -> None:
    file = tmp_path / "odd"
    file.write_bytes(b"tiger\xff")
    file.chmod(0o600)

    with pytest.raises(ValueError, match="odd: not UTF-8") as caught:
        Secret(f"file:{file}").reveal()
    assert "0xff" not in str(caught.value)
