"""Says why a TLS connection failed, with the next step.

OpenSSL tells a connection only that the verification failed. OpenSSL names the failed check only while it checks the
certificate, so newsbot records the check there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from OpenSSL.crypto import X509
from OpenSSL.SSL import VERIFY_FAIL_IF_NO_PEER_CERT, VERIFY_PEER, Connection
from scrapy.exceptions import DownloadFailedError
from service_identity import VerificationError
from twisted.internet._sslverify import ClientTLSOptions, _verifyCB
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer  # type: ignore[import-untyped]

NOT_YET_VALID, EXPIRED, SELF_SIGNED = 9, 10, frozenset({18, 19})
UNKNOWN_AUTHORITY = frozenset({2, 20, 21, 27})
"""Codes of OpenSSL's verification (x509_vfy.h)."""

_OPENSSL = re.compile(r"\(\s*'SSL routines',\s*'[^']*',\s*'([^']*)'")
"""The reason in an error of pyOpenSSL."""


class TlsFailed(DownloadFailedError):
    """A TLS connection failed. The text says why, and what to do."""

    newsbot_error = "tls"


def certificate_fault(code: int, *, not_before: str, not_after: str) -> str:
    """Why a certificate failed OpenSSL's check ``code``, in words. The dates have the form 20260131235959Z."""
    if code == EXPIRED:
        return f"the certificate expired on {_day(not_after)}: the site must renew it"
    if code == NOT_YET_VALID:
        return f"the certificate is not valid before {_day(not_before)}: check the clock of this machine"
    if code in SELF_SIGNED:
        return f"the certificate is signed by no authority but itself: {_OWN_AUTHORITY}"
    if code in UNKNOWN_AUTHORITY:
        return (
            f"the certificate comes from an unknown authority, or the server leaves out a part of it: {_OWN_AUTHORITY}"
        )
    return f"the certificate is invalid (OpenSSL's code {code})"


_OWN_AUTHORITY = "for an authority of your own, set SSL_CERT_FILE"


def handshake_fault(text: str) -> str:
    """Why a handshake failed with OpenSSL's error ``text``, in words."""
    found = _OPENSSL.search(text)
    reason = found[1] if found else text
    if reason in ("wrong version number", "packet length too long", "http request", "record layer failure"):
        return f"the server does not speak TLS ({reason}): try http:// in place of https://"
    return f"the server refuses the handshake ({reason}): it may speak only versions of TLS that are no longer safe"


def wrong_host(host: str) -> str:
    """The fault of a certificate that belongs to another host."""
    return f"the certificate is not for {host}: check the spelling, or try the address with or without www."


def _day(moment: str) -> str:
    return f"{moment[:4]}-{moment[4:6]}-{moment[6:8]}"


@implementer(IPolicyForHTTPS)
class NotingPolicy:
    """Wraps Scrapy's policy. ``faults``: host -> what is wrong with its certificate, until ``tls_fault`` reads it."""

    def __init__(self, policy: Any) -> None:
        self._policy = policy
        self.faults: dict[str, str] = {}

    def creatorForNetloc(self, hostname: bytes, port: int) -> Any:  # noqa: N802
        creator = self._policy.creatorForNetloc(hostname, port)
        # A creator of another class does not verify certificates.
        return _NotingCreator(creator, self.faults) if type(creator) is ClientTLSOptions else creator


@implementer(IOpenSSLClientConnectionCreator)
class _NotingCreator:
    def __init__(self, creator: ClientTLSOptions, faults: dict[str, str]) -> None:
        self._creator = creator
        self._faults = faults

    def clientConnectionForTLS(self, tlsProtocol: Any) -> Connection:  # noqa: N802, N803
        creator, host = self._creator, self._creator._hostnameASCII
        connection = creator.clientConnectionForTLS(tlsProtocol)
        check = _verifyCB(tlsProtocol, creator._hostnameIsDnsName, host)
        connection.set_verify(VERIFY_PEER | VERIFY_FAIL_IF_NO_PEER_CERT, _noting(check, host, self._faults))
        return connection


Check = Callable[[Connection, X509, int, int, Any], bool]


def _noting(check: Check, host: str, faults: dict[str, str]) -> Check:
    """Twisted's ``check`` of a certificate, which also stores the fault that OpenSSL found in ``faults``."""

    def verify(connection: Connection, certificate: X509, code: int, depth: int, passed: Any) -> bool:
        if not passed:
            begins, ends = certificate.get_notBefore() or b"", certificate.get_notAfter() or b""
            faults[host] = certificate_fault(
                code, not_before=begins.decode("latin-1"), not_after=ends.decode("latin-1")
            )
        return check(connection, certificate, code, depth, passed)

    return verify


def tls_fault(error: BaseException, host: str, faults: dict[str, str]) -> str | None:
    """Why a connection to ``host`` failed with ``error``; None if the cause is not TLS."""
    noted = faults.pop(host, None)
    text = f"{error!r} {error.__cause__!r}"
    if "VerificationError" in text or _has(error, VerificationError):
        return wrong_host(host)
    if noted is not None:
        return noted
    return handshake_fault(text) if "SSL routines" in text else None


def _has(error: BaseException, kind: type[Exception]) -> bool:
    reasons = getattr(error.__cause__, "reasons", None) or ()
    return any(getattr(reason, "check", lambda _: None)(kind) for reason in reasons)
