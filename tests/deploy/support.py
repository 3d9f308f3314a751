"""The files under deploy/, as data, and a real proxy in front of a real server."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from tests.docs.reading import ROOT
from tests.support.ports import free_port
from tests.support.served import Served

DEPLOY = ROOT / "deploy"
CONTAINERFILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
PUBLIC, LISTENING = "id.example.com", "127.0.0.1:9443"
"""The names that the recipes use, and that a reader replaces as the tests do."""
SERVERS = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
"""Where Debian keeps servers."""
PROXIES = ["nginx", *(["caddy"] if shutil.which("caddy", path=SERVERS) else [])]
"""nginx is a must; the recipe for Caddy is tried wherever Caddy is."""


class Sections(dict[str, dict[str, list[str]]]):
    """A unit file: section -> key -> every value it is given, in order."""

    def one(self, section: str, key: str) -> str:
        [value] = self[section][key]
        return value


def unit(text: str) -> Sections:
    found, section = Sections(), ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = line.strip("[]")
            found[section] = {}
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found[section].setdefault(key, []).append(value)
    return found


def unit_of(name: str) -> Sections:
    text = (DEPLOY / name).read_text(encoding="utf-8")
    # A second reader, one that refuses lines which are neither section nor key
    configparser.ConfigParser(strict=False, interpolation=None).read_string(text)
    return unit(text)


def instructions(name: str) -> list[str]:
    """What follows each `NAME` of the Containerfile, with continued lines joined."""
    return re.findall(rf"^{name} (.*)$", CONTAINERFILE.replace("\\\n", ""), re.MULTILINE)


class Proxied(Served):
    """A server without TLS behind a proxy that ends it; `url` is the proxy's, which is the public one."""

    def __init__(self, data: Path, config: str, ca_file: Path, public: int, *, port: int) -> None:
        self._ca = ca_file
        super().__init__(data, config, port=port)
        self.url = f"https://localhost:{public}"

    @property
    def ca(self) -> Path:
        return self._ca


class Proxy:
    """The recipe of `kind`, with our ports, certificate and logs put where it names its own. Runs until `stop`."""

    def __init__(self, kind: str, folder: Path) -> None:
        program = shutil.which(kind, path=SERVERS)
        if program is None:
            pytest.skip(f"{kind} is not installed (Debian package {kind})")
        self.kind, self.folder, self.port, self.plain_port, self.behind = kind, folder, free_port(), free_port(), free_port()
        self.ca_file = folder / "ca.pem"
        ca = trustme.CA()
        ca.cert_pem.write_to_path(self.ca_file)
        pair = ca.issue_cert("localhost")
        pair.private_key_pem.write_to_path(folder / "key.pem")
        folder.joinpath("chain.pem").write_bytes(b"".join(blob.bytes() for blob in pair.cert_chain_pems))
        arguments = self._nginx() if kind == "nginx" else self._caddy()
        with (folder / "printed.log").open("wb") as printed:
            self.process = subprocess.Popen([program, *arguments], stdin=subprocess.DEVNULL, stdout=printed, stderr=subprocess.STDOUT,
                                            env=os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder)})

    @property
    def logs(self) -> str:
        """Everything that the proxy has written down."""
        return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in sorted(self.folder.glob("*.log")))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)

    def _nginx(self) -> list[str]:
        recipe = self._recipe("nginx.conf", {
            "listen 80;": f"listen 127.0.0.1:{self.plain_port};", "listen 443 ssl;": f"listen 127.0.0.1:{self.port} ssl;",
            "/etc/ssl/id.example.com.pem": f"{self.folder}/chain.pem", "/etc/ssl/id.example.com.key": f"{self.folder}/key.pem",
            "/var/log/nginx/": f"{self.folder}/",
        })
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        folders = "".join(f"{kind}_temp_path {self.folder}/{kind};\n" for kind in kinds)
        whole = self.folder / "whole.conf"
        user = "user root;\n" if os.geteuid() == 0 else ""
        whole.write_text(f"{user}daemon off;\nworker_processes 1;\npid {self.folder}/nginx.pid;\nevents {{}}\nhttp {{\n{folders}"
                         f"include {recipe};\n}}\n", encoding="utf-8")
        return ["-c", str(whole), "-e", "stderr"]

    def _caddy(self) -> list[str]:
        recipe = self._recipe("Caddyfile", {
            "\tlog default {": "\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n\tlog default {",
            f"{PUBLIC} {{": f"https://localhost:{self.port} {{\n\tbind 127.0.0.1\n\ttls {self.folder}/chain.pem {self.folder}/key.pem",
            "/var/log/caddy/": f"{self.folder}/",
        })
        return ["run", "--adapter", "caddyfile", "--config", str(recipe)]

    def _recipe(self, name: str, ours: dict[str, str]) -> Path:
        text = (DEPLOY / name).read_text(encoding="utf-8")
        for theirs, own in (ours | {LISTENING: f"127.0.0.1:{self.behind}"}).items():
            assert text.count(theirs) >= 1, f"{name} does not say {theirs!r}"
            text = text.replace(theirs, own)
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


@contextmanager
def behind(kind: str, folder: Path, config: str) -> Iterator[tuple[Proxy, Proxied]]:
    """A proxy and the server behind it, both ended at the end. `config` goes to the server, before what a proxy needs."""
    proxy = Proxy(kind, folder)
    try:
        server = f'[server]\nbase_path = "https://localhost:{proxy.port}"\ntls = "off"\ntrusted_proxies = ["127.0.0.1/32"]\n'
        proxied = Proxied(folder / "var", config + server, proxy.ca_file, proxy.port, port=proxy.behind)
        try:
            proxied.wait_ready()
            yield proxy, proxied
        finally:
            proxied.stop()
    finally:
        proxy.stop()
