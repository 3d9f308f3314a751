"""A real OpenLDAP server on loopback: ldap, ldaps and StartTLS, a service account, and a place of its own for each test.

Its clients reach it through `ldap_front`, which can make it slow, notes who signed in and whether that was encrypted, and refuses
StartTLS if told to. Binds with an empty password succeed, as on careless servers (`allow bind_anon_cred`): a client has to know better.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import ldap3
import pytest
import trustme

from housekey.core import directories
from housekey.core.directories import Directory, Kind
from housekey.userstores.directory import DirectoryClient
from housekey.userstores.ldap.client import connect
from housekey.userstores.ldap.entries import rdn
from tests.support.ldap_front import Front, RewritesForActiveDirectory
from tests.support.ports import free_port

SUFFIX = "dc=example,dc=test"
ADMIN, ADMIN_PASSWORD = f"cn=admin,{SUFFIX}", "admin-secret"
SERVICE, READER, LIMITED = f"cn=housekey,{SUFFIX}", f"cn=reader,{SUFFIX}", f"cn=limited,{SUFFIX}"
"""May do everything to users; may only read; is given five entries at most."""
SECRET = "directory-secret"
POLICY = f"cn=policy,{SUFFIX}"
"""A password policy that a test puts on a user (`pwdPolicySubentry`): 12 characters, locked after three wrong ones."""
_ABSENT = "slapd is not installed (apt-get install slapd)"
_PROGRAM = shutil.which("slapd") or ("/usr/sbin/slapd" if Path("/usr/sbin/slapd").exists() else "")
_CONFIG = """
include {directory}/core.schema
include /etc/ldap/schema/cosine.schema
{schemas}
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload ppolicy
allow bind_anon_dn bind_anon_cred
pidfile {directory}/slapd.pid
TLSCACertificateFile {directory}/ca.pem
TLSCertificateFile {directory}/cert.pem
TLSCertificateKeyFile {directory}/key.pem
loglevel none
database mdb
suffix "{suffix}"
rootdn "{admin}"
rootpw {password}
directory {directory}/data
maxsize 67108864
dbnosync
index objectClass,entryUUID,uid,cn eq
limits dn.exact="{service}" size=unlimited
limits dn.exact="{limited}" size=5
access to attrs=userPassword by dn.exact="{service}" write by anonymous auth by * none
access to * by dn.exact="{service}" write by dn.exact="{reader}" read by dn.exact="{limited}" read by anonymous auth by * none
overlay memberof
overlay ppolicy
"""
_ACTIVE_DIRECTORY = """
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.656 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.2 NAME 'objectGUID' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.96 NAME 'pwdLastSet' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.782 NAME 'objectCategory' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.2.146 NAME 'company' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.2.141 NAME 'department' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 2.16.840.1.113730.3.1.241 NAME 'displayName' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 2.16.840.1.113730.3.1.39 NAME 'preferredLanguage' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.2.2 NAME 'whenCreated' EQUALITY generalizedTimeMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.5.9 NAME 'user' SUP organizationalPerson STRUCTURAL MAY ( sAMAccountName $ userPrincipalName $ objectGUID $
  userAccountControl $ pwdLastSet $ whenCreated $ objectCategory $ company $ department $ displayName $ preferredLanguage $ givenName $
  mail $ mobile ) )
objectclass ( 1.2.840.113556.1.5.8 NAME 'group' SUP top STRUCTURAL MUST cn MAY ( member $ objectGUID $ sAMAccountName ) )
"""
"""As much of Active Directory's schema as is spoken to; OpenLDAP's own copy of it cannot be searched by most attributes."""


class Server:
    """One slapd. `kind` ad: with Active Directory's classes."""

    def __init__(self, kind: Kind = "ldap") -> None:
        if not _PROGRAM:
            pytest.skip(_ABSENT)
        self.kind = kind
        self.directory = Path(tempfile.mkdtemp(prefix="housekey-slapd-"))
        self.port, self.tls_port = free_port(), free_port()
        self.ca = trustme.CA()
        self.trusted = self.ca.cert_pem.bytes().decode()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Any = None
        self._places = 0
        self._write()
        self.start()
        self._fill()

    def _write(self) -> None:
        (self.directory / "data").mkdir()
        self.certificate("localhost", "127.0.0.1")
        self.ca.cert_pem.write_to_path(str(self.directory / "ca.pem"))
        schemas = "include /etc/ldap/schema/inetorgperson.schema"
        core = Path("/etc/ldap/schema/core.schema").read_text(encoding="utf-8")
        if self.kind == "ad":
            core = core.replace("MUST ( sn $ cn )\n\tMAY ( userPassword", "MUST cn\n\tMAY ( sn $ userPassword")
            (self.directory / "ad.schema").write_text(_ACTIVE_DIRECTORY)
            schemas = f"include {self.directory}/ad.schema"
        (self.directory / "core.schema").write_text(core, encoding="utf-8")
        (self.directory / "slapd.conf").write_text(_CONFIG.format(
            directory=self.directory, schemas=schemas, suffix=SUFFIX, admin=ADMIN, password=ADMIN_PASSWORD, service=SERVICE, reader=READER,
            limited=LIMITED))

    def certificate(self, *names: str) -> None:
        """The server's certificate. GnuTLS takes none without a common name."""
        issued = self.ca.issue_cert(*names, common_name=names[0])
        issued.private_key_pem.write_to_path(str(self.directory / "key.pem"))
        issued.cert_chain_pems[0].write_to_path(str(self.directory / "cert.pem"))

    def start(self) -> None:
        if self._process:
            return
        urls = f"ldap://127.0.0.1:{self.port} ldaps://127.0.0.1:{self.tls_port}"
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen([_PROGRAM, "-h", urls, "-f", str(self.directory / "slapd.conf"), "-d", "0"], stdout=log,
                                             stderr=log)
        for _ in range(200):
            if self._process.poll() is not None:
                break
            if self._answers():
                return
            time.sleep(0.05)
        raise RuntimeError(f"slapd did not start: {(self.directory / 'log').read_text()}")

    def _answers(self) -> bool:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.tls_port), 1).close()
            return self._signed_in()
        return False

    def _signed_in(self) -> bool:
        server = ldap3.Server("127.0.0.1", self.port, get_info=ldap3.NONE)
        connection = ldap3.Connection(server, ADMIN, ADMIN_PASSWORD, check_names=False)
        connection.bind()
        self._connection = connection
        return True

    def stop(self) -> None:
        if self._process:
            self._connection.unbind()
            self._process.kill()
            self._process.wait()
            self._process = None

    def end(self) -> None:
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def admin(self) -> Any:
        """ldap3's connection of the directory's own administrator, whom no rule of access binds."""
        return self._connection

    def done(self, well: bool) -> None:
        assert well, self._connection.result

    def _fill(self) -> None:
        add = self.admin().add
        self.done(add(SUFFIX, ["dcObject", "organization"], {"dc": "example", "o": "Example"}))
        for dn in (SERVICE, READER, LIMITED):
            self.done(add(dn, ["organizationalRole", "simpleSecurityObject"], {"userPassword": SECRET}))
        self.done(add(POLICY, ["device", "pwdPolicy"], {
            "cn": "policy", "pwdAttribute": "userPassword", "pwdMinLength": "12", "pwdCheckQuality": "2", "pwdLockout": "TRUE",
            "pwdMaxFailure": "3"}))

    def place(self) -> Place:
        self._places += 1
        return Place(self, f"ou=place{self._places},{SUFFIX}")


class Place:
    """A part of the directory that belongs to one test, and the verbs to act in it as the directory's own administrator."""

    secret = SECRET

    def __init__(self, server: Server, base: str) -> None:
        self.server, self.base = server, base
        self.people, self.groups = f"ou=people,{base}", f"ou=groups,{base}"
        for dn in (base, self.people, self.groups):
            server.done(server.admin().add(dn, "organizationalUnit"))
        rewrites = RewritesForActiveDirectory() if server.kind == "ad" else None
        self.front = Front(server.port, server.tls_port, rewrites=rewrites, context=server.ca)
        self._clients: list[DirectoryClient] = []

    def close(self) -> None:
        """The end of the test."""
        for client in self._clients:
            client.close()
        self.front.close()
        self.server.start()

    def settings(self, security: str = "none", *, direct: bool = False, **changes: str) -> dict[str, str]:
        """What `core.directories.clean` takes; the password to connect with is `secret`. `security`: none, starttls or ldaps.

        `direct`: not through the front, which costs a little."""
        if self.server.kind == "ad":
            security = "ldaps"
        port = (self.server.port, self.server.tls_port) if direct else (self.front.port, self.front.tls_port)
        found = {
            "ConnectionURL": f"ldaps://localhost:{port[1]}" if security == "ldaps" else f"ldap://localhost:{port[0]}",
            "StartTLSEnabled": "true" if security == "starttls" else "false",
            "CACertificates": self.server.trusted if security != "none" else "",
            "ConnectionName": SERVICE, "UserSearchBase": self.people, "GroupSearchBase": self.groups, "ReadGroups": "true",
        }
        return found | changes

    def directory(self, security: str = "none", *, attributes: Mapping[str, str] | None = None, direct: bool = False,
                  private: bool = True, **changes: str) -> Directory:
        """The settings, checked and ready for use. `attributes`: claim -> attribute, where it differs from the defaults."""
        kind = self.server.kind
        values = directories.clean(kind, self.settings(security, direct=direct, **changes), private=True)
        return directories.directory(kind, values, attributes or {}, private=private)

    def client(self, security: str = "none", *, secret: str = SECRET, direct: bool = False, **changes: Any) -> DirectoryClient:
        made = connect(self.directory(security, direct=direct, **changes), secret)
        self._clients.append(made)
        return made

    def dn(self, uid: str) -> str:
        return f"{rdn('cn' if self.server.kind == 'ad' else 'uid', uid)},{self.people}"

    def add(self, uid: str, /, **attributes: Any) -> str:
        """A user with these attributes beside those that the class demands; her DN. `password=`: what she signs in with."""
        dn = self.dn(uid)
        if "password" in attributes:
            attributes["userPassword"] = attributes.pop("password")
        if self.server.kind == "ad":
            own = {"sAMAccountName": uid, "userAccountControl": "512", **RewritesForActiveDirectory.born()}
            given = {"cn": uid, "sn": uid, **own, **attributes}
            self.server.done(self.server.admin().add(dn, ["top", "person", "organizationalPerson", "user"], given))
        else:
            self.server.done(self.server.admin().add(dn, ["inetOrgPerson"], {"uid": uid, "cn": uid, "sn": uid, **attributes}))
        return dn

    def group(self, name: str, *uids: str) -> str:
        """A group with these members; its DN."""
        dn = f"{rdn('cn', name)},{self.groups}"
        members = {"cn": name, "member": [self.dn(uid) for uid in uids]}
        if self.server.kind == "ad":
            members |= {"objectGUID": RewritesForActiveDirectory.born()["objectGUID"]}
        self.server.done(self.server.admin().add(dn, "group" if self.server.kind == "ad" else "groupOfNames", members))
        return dn

    def read(self, uid: str) -> dict[str, list[bytes]] | None:
        """All attributes, operational ones too; None if there is no such user."""
        found = self.server.admin().search(self.dn(uid), "(objectClass=*)", "BASE", attributes=["*", "+"])
        return dict(self.server.admin().response[0]["raw_attributes"]) if found else None

    def change(self, uid: str, **attributes: Any) -> None:
        """Each attribute holds these values afterwards; None: it is taken away."""
        changes = {name: [("MODIFY_REPLACE", [] if value is None else value if isinstance(value, list) else [value])]
                   for name, value in attributes.items()}
        self.server.done(self.server.admin().modify(self.dn(uid), changes))

    def rename(self, uid: str, new: str) -> None:
        name = "cn" if self.server.kind == "ad" else "uid"
        self.server.done(self.server.admin().modify_dn(self.dn(uid), rdn(name, new), delete_old_dn=True))
        if self.server.kind == "ad":
            self.change(new, sAMAccountName=new)

    def remove(self, uid: str) -> None:
        self.server.done(self.server.admin().delete(self.dn(uid)))

    def password(self, uid: str, text: str) -> None:
        self.server.done(self.server.admin().extend.standard.modify_password(self.dn(uid), new_password=text.encode()))

    def welcomes(self, uid: str, password: str) -> bool:
        """Does the directory itself let her in with it?"""
        server = ldap3.Server("127.0.0.1", self.server.port, get_info=ldap3.NONE)
        connection: Any = ldap3.Connection(server, check_names=False)
        well = connection.rebind(self.dn(uid), password.encode())
        connection.unbind()
        return bool(well)

    def stop(self) -> None:
        """The directory is down."""
        self.server.stop()
        self.front.drop()

    def start(self) -> None:
        self.server.start()

    def slow(self, seconds: float) -> None:
        """Each answer comes so much later."""
        self.front.delay = seconds
