"""Exit code 0 if the server of this container answers, with TLS or without; 1 if not. The container engine runs it."""

from __future__ import annotations

import http.client
import ssl
import sys

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 9443
# It asks its own loopback, and the certificate is for the public name.
UNVERIFIED = ssl._create_unverified_context()  # noqa: S323 - see above


def answers(connection: http.client.HTTPConnection) -> bool:
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    encrypted = http.client.HTTPSConnection("127.0.0.1", PORT, timeout=2, context=UNVERIFIED)
    sys.exit(0 if answers(encrypted) or answers(http.client.HTTPConnection("127.0.0.1", PORT, timeout=2)) else 1)
