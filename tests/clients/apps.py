"""The applications behind one interface: where they are, how they start and end. Their pages have the same ids everywhere: `sign-in`, and
for somebody signed in `user`, `sub`, `state`, `token`, `refresh` and `sign-out`; `error` holds what went wrong.

They are at 127.0.0.1 and the server at localhost, so that a browser takes them for different sites, as they will be.
"""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from tests.support.ports import free_port

HERE = Path(__file__).parent
MODULES = HERE / "node" / "node_modules"
SERVERS = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
"""Where Debian keeps servers."""
APACHE = Path("/usr/lib/apache2/modules")
START_TIMEOUT = 30.0
"""Seconds until an application must take connections; generous, since the machine may be busy."""


class App(ABC):
    """One application. Its addresses are known before it starts, since the server wants them first."""

    name: ClassVar[str]
    public: ClassVar[bool] = False
    told: ClassVar[bool] = False
    """Is it told by back-channel logout when a session ends?"""
    hints: ClassVar[bool] = True
    """Does it say whom it signs out, by `id_token_hint`? Else the server asks her."""
    signed_with: ClassVar[str] = "RS256"

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.redirect_uri = f"{self.url}callback"
        self.post_logout_redirect_uri = f"{self.url}signed-out"
        self.backchannel_logout_uri = f"{self.url}backchannel" if self.told else ""

    @abstractmethod
    def start(self, issuer: str, client_id: str, client_secret: str, ca_file: Path) -> None:
        """Returns as soon as it takes connections. Skips the test if a program it needs is not installed."""

    @abstractmethod
    def stop(self) -> None:
        """End it, if it was started."""

    @property
    def log(self) -> str:
        """What it has to say about its troubles."""
        return ""

    def opened_with(self, basket: str) -> str:
        """The address under which somebody opens it with something in her basket: the state that must survive the sign-in."""
        return f"{self.url}?basket={basket}"


class _Program(App):
    """One that runs as a child process and writes to a log."""

    process: subprocess.Popen[bytes] | None = None

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    @property
    def _log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def _run(self, command: list[str], environment: Mapping[str, str] | None = None) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=self.folder,
                                            env=os.environ | dict(environment or {}))
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"{self.name} ended with {self.process.returncode}:\n{self.log}"
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError(f"{self.name} takes no connections:\n{self.log}")

    def _settings(self, issuer: str, client_id: str, client_secret: str) -> str:
        return json.dumps({
            "port": self.port, "issuer": issuer, "client_id": client_id, "client_secret": client_secret, "redirect_uri": self.redirect_uri,
            "post_logout_redirect_uri": self.post_logout_redirect_uri,
        })


class OpenIdClient(_Program):
    """`openid-client` and `jose` from npm, on Node's own server."""

    name = "openid-client"
    told = True
    signed_with = "ES256"

    def start(self, issuer: str, client_id: str, client_secret: str, ca_file: Path) -> None:
        node = shutil.which("node") or pytest.skip("no Node.js on this machine")
        installed("openid-client")
        environment = {"APP": self._settings(issuer, client_id, client_secret), "NODE_EXTRA_CA_CERTS": str(ca_file)}
        self._run([node, str(HERE / "node" / "openid_client.mjs")], environment)


class Authlib(_Program):
    """Authlib's client for Django."""

    name = "authlib"
    told = True

    def start(self, issuer: str, client_id: str, client_secret: str, ca_file: Path) -> None:
        environment = {"APP": self._settings(issuer, client_id, client_secret), "REQUESTS_CA_BUNDLE": str(ca_file)}
        self._run([sys.executable, str(HERE / "authlib_app.py")], environment)


class ModAuthOpenidc(_Program):
    """Apache with `mod_auth_openidc`, which protects a page."""

    name = "mod_auth_openidc"
    told = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.post_logout_redirect_uri = f"{self.url}signed-out.shtml"
        self.backchannel_logout_uri = f"{self.redirect_uri}?logout=backchannel"
        self._own: Path | None = None

    def start(self, issuer: str, client_id: str, client_secret: str, ca_file: Path) -> None:
        apache = shutil.which("apache2", path=SERVERS)
        if apache is None or not (APACHE / "mod_auth_openidc.so").exists():
            pytest.skip("no Apache with mod_auth_openidc on this machine (Debian packages apache2-bin and libapache2-mod-auth-openidc)")
        # Its children are somebody else than root, who cannot look into a folder of the test run.
        own = self._own = Path(tempfile.mkdtemp(prefix="housekey-apache-"))
        own.chmod(0o755)
        shutil.copyfile(ca_file, own / "ca.pem")
        words = {
            "FOLDER": str(own), "PORT": str(self.port), "MODULES": str(APACHE), "HOME": self.url, "ISSUER": issuer,
            "CLIENT_ID": client_id, "CLIENT_SECRET": client_secret, "PASSPHRASE": os.urandom(16).hex(),
            "USER": "User www-data\nGroup www-data" if os.geteuid() == 0 else "",
        }
        self._site(own / "site")
        (own / "httpd.conf").write_text(_filled(HERE / "apache" / "httpd.conf", words), encoding="utf-8")
        self._run([apache, "-f", str(own / "httpd.conf"), "-DFOREGROUND"])

    def stop(self) -> None:
        super().stop()
        if self._own is not None:
            shutil.rmtree(self._own)

    @property
    def log(self) -> str:
        errors = self._own / "error.log" if self._own else None
        return super().log + (errors.read_text(encoding="utf-8", errors="replace") if errors and errors.exists() else "")

    def _site(self, folder: Path) -> None:
        folder.mkdir()
        text = _filled(HERE / "apache" / "page.shtml", {"HOME": self.url})
        for name in ("index.shtml", "inside.shtml"):
            (folder / name).write_text(text, encoding="utf-8")
        (folder / "signed-out.shtml").write_text('<!doctype html><title>mod_auth_openidc</title><p id="signed-out">Signed out</p>',
                                                 encoding="utf-8")


class _InTheBrowser(App):
    """A page and a library; all else happens in the browser."""

    public = True
    library: ClassVar[str]
    """The script under `node_modules`."""
    server: http.server.ThreadingHTTPServer | None = None

    def start(self, issuer: str, client_id: str, client_secret: str, ca_file: Path) -> None:
        installed(self.library.partition("/dist/")[0])
        settings = {"issuer": issuer, "client_id": client_id, "redirect_uri": self.redirect_uri,
                    "post_logout_redirect_uri": self.post_logout_redirect_uri}
        page = (HERE / "pages" / f"{self.name}.html").read_bytes()
        answers = {"/library.js": ("text/javascript", (MODULES / self.library).read_bytes()),
                   "/settings.json": ("application/json", json.dumps(settings).encode())}
        handler = functools.partial(_Static, answers, page)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._thread = threading.Thread(target=self.server.serve_forever)
        self._thread.start()

    def stop(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self._thread.join()


class _Static(http.server.BaseHTTPRequestHandler):
    """Every address but those in `answers` is the one page."""

    def __init__(self, answers: Mapping[str, tuple[str, bytes]], page: bytes, *arguments: object) -> None:
        self.answers, self.fallback = answers, ("text/html; charset=utf-8", page)
        super().__init__(*arguments)  # type: ignore[arg-type] # as the server gave them

    def do_GET(self) -> None:
        kind, body = self.answers.get(self.path.partition("?")[0], self.fallback)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class OidcClientTs(_InTheBrowser):
    """`oidc-client-ts` from npm."""

    name = "oidc-client-ts"
    library = "oidc-client-ts/dist/browser/oidc-client-ts.min.js"


class Asgardeo(_InTheBrowser):
    """`@asgardeo/auth-spa` from npm, WSO2's own, with its own defaults."""

    name = "asgardeo"
    hints = False
    library = "@asgardeo/auth-spa/dist/asgardeo-spa.production.esm.js"


KINDS: tuple[type[App], ...] = (OpenIdClient, OidcClientTs, Asgardeo, ModAuthOpenidc, Authlib)
TOLD = tuple(kind for kind in KINDS if kind.told)


def installed(package: str) -> None:
    """Skip if the npm package is not there."""
    if not (MODULES / package).exists():
        pytest.skip(f"the npm package {package} is not installed: `make test` does it, where npm is")


def _filled(template: Path, words: Mapping[str, str]) -> str:
    text = template.read_text(encoding="utf-8")
    for name, value in words.items():
        text = text.replace(f"@{name}@", value)
    return text
