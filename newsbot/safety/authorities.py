"""The authorities of certificates that the user names in the environment."""

from __future__ import annotations

import ssl

from newsbot.errors import BadArgument


def check_authorities(path: str) -> None:
    """Raise BadArgument if OpenSSL could not read ``SSL_CERT_FILE``. OpenSSL itself gives no message then, and every
    certificate fails as if its authority were unknown."""
    if not path:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        raise BadArgument(f"SSL_CERT_FILE names {path}, which holds no certificate in the form PEM") from None
    except OSError as error:
        raise BadArgument(f"SSL_CERT_FILE names {path}, which cannot be read: {error.strerror}") from None
