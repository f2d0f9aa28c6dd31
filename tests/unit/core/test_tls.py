"""The files that TLS takes: which are usable, and what is said of those that are not."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest
from pydantic import ValidationError

from core.tls import TlsFiles, check_sealed, make_context
from tests.certificates import Authority


def files(**given: object) -> TlsFiles:
    return TlsFiles.model_validate({key: f"file:{path}" for key, path in given.items()})


def test_the_least_is_tls_1_2_and_all_is_verified(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = make_context(files(ca=authority.certificate))
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname
    assert [dict(ca)["subject"] for ca in context.get_ca_certs()] == [
        ((("commonName", "test authority"),),)
    ]


def test_without_a_file_the_system_says_whom_it_trusts() -> None:
    context = make_context(TlsFiles())
    assert context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname


def test_a_certificate_needs_its_key_and_a_file_its_prefix() -> None:
    for given in ({"certificate": "file:a"}, {"key": "file:a"}):
        with pytest.raises(ValidationError, match="belong together"):
            TlsFiles.model_validate(given)
    with pytest.raises(ValidationError):
        TlsFiles.model_validate({"ca": "/etc/ca.crt"})


def test_files_for_an_address_without_tls_would_verify_nothing() -> None:
    with pytest.raises(ValueError, match="ca is for mqtts:// or wss://"):
        check_sealed("mqtt://here", files(ca="a"))
    check_sealed("mqtts://here", files(ca="a"))
    check_sealed("mqtt://here", TlsFiles())


def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ca file .*nowhere: No such file"):
        make_context(files(ca=tmp_path / "nowhere"))
    (tmp_path / "note").write_text("not a certificate")
    with pytest.raises(ValueError, match="holds no certificate in PEM form"):
        make_context(files(ca=tmp_path / "note"))


def test_an_identity_that_will_not_do_is_named(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    me, other = authority.sign("me"), authority.sign("other")
    make_context(files(certificate=me.certificate, key=me.key))
    with pytest.raises(ValueError, match=r"key file .*gone: No such file"):
        make_context(files(certificate=me.certificate, key=tmp_path / "gone"))
    with pytest.raises(ValueError, match="is not the key of certificate file"):
        make_context(files(certificate=me.certificate, key=other.key))
    with pytest.raises(ValueError, match="are no certificate with its key"):
        make_context(files(certificate=me.key, key=me.key))
    other.key.chmod(0o644)
    with pytest.raises(ValueError, match="readable by everyone; chmod o-r"):
        make_context(files(certificate=me.certificate, key=other.key))


def test_an_encrypted_key_is_named_and_nobody_is_asked(tmp_path: Path) -> None:
    me = Authority(tmp_path).sign("me")
    locked = tmp_path / "locked.key"
    words = ("openssl", "pkey", "-in", me.key, "-aes256", "-passout", "pass:tiger", "-out", locked)
    subprocess.run(words, check=True, capture_output=True)
    locked.chmod(0o600)
    with pytest.raises(ValueError, match="is encrypted; decrypt it"):
        make_context(files(certificate=me.certificate, key=locked))
