"""The error of a failed TLS connection names its cause and the next step."""

from __future__ import annotations

import pytest

from newsbot.safety.tls import certificate_fault, handshake_fault


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (9, "is not valid before 2026-01-02: check the clock of this machine"),
        (10, "expired on 2027-03-04: the site must renew it"),
        (18, "no authority but itself: for an authority of your own, set SSL_CERT_FILE"),
        (20, "an unknown authority, or the server leaves out a part of it"),
        (23, "is invalid (OpenSSL's code 23)"),
    ],
)
def test_refused_certificate_has_a_reason(code: int, reason: str) -> None:
    assert reason in certificate_fault(code, not_before="20260102000000Z", not_after="20270304000000Z")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "[('SSL routines', '', 'tlsv1 alert protocol version')]",
            "refuses the handshake (tlsv1 alert protocol version)",
        ),
        (
            "Error([('SSL routines', '', 'wrong version number')])",
            "does not speak TLS (wrong version number): try http://",
        ),
    ],
)
def test_failed_handshake_has_a_reason(text: str, reason: str) -> None:
    assert reason in handshake_fault(text)
