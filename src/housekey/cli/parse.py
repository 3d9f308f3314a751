"""The arguments of every command. Standard library only, no import of anything that a command needs."""

from __future__ import annotations

import argparse
from typing import Any

from housekey import __version__

EXIT_CODES = """\
exit codes:
  0  done
  1  refused, or `check` found an error
  2  wrong usage
  3  cannot start: wrong configuration, port or data directory in use, database not ready
"""

MOST_DIGITS = 9
Commands = Any  # argparse keeps the type of its sub-parsers to itself


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="housekey", description="Self-hosted identity server: people set their own passwords.",
                                  epilog=EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("--version", action="version", version=f"housekey {__version__}")
    _everywhere(top, default=None)
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    _processes(commands)
    _configuration(commands)
    _importing(commands)
    _people(commands)
    _tenants(commands)
    _stores(commands)
    _clients(commands)
    _signing_keys(commands)
    _attributes(commands)
    _outbox(commands)
    return top


def _everywhere(parser: argparse.ArgumentParser, *, default: Any = argparse.SUPPRESS) -> None:
    """`--config` and `--data`, before or after the command: below the top they leave what was given before alone."""
    parser.add_argument("--config", metavar="FILE", default=default, help="deployment.toml (default: the one in the data directory)")
    parser.add_argument("--data", metavar="DIR", default=default, help="data directory (default: $HOUSEKEY_DATA, else ./var)")


def _command(commands: Commands, name: str, run: str, text: str, *, json: bool = False, tenant: bool = False) -> argparse.ArgumentParser:
    """One command. `run` is `module:function` under `housekey.cli`, imported only when the command is called."""
    made: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    made.set_defaults(command=run)
    _everywhere(made)
    if json:
        made.add_argument("--json", action="store_true", help="print JSON")
    if tenant:
        made.add_argument("--tenant", metavar="DOMAIN", default="", help="the tenant (default: carbon.super)")
    return made


def _group(commands: Commands, name: str, text: str) -> Commands:
    group = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    _everywhere(group)
    return group.add_subparsers(metavar="COMMAND", required=True)


def _natural(text: str) -> int:
    """0, 1, 2, …: how many. Raises ArgumentTypeError."""
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise argparse.ArgumentTypeError(f"{text} is not a number of 0 or more")
    return int(text)


def _some(listing: argparse.ArgumentParser) -> None:
    listing.add_argument("--offset", metavar="N", type=_natural, default=0, help="leave out the first N")
    listing.add_argument("--limit", metavar="N", type=_natural, default=50, help="show at most N (default: 50)")


def _processes(commands: Commands) -> None:
    serve = _command(commands, "serve", "serve:serve", "start the server: web, console and outbox")
    serve.add_argument("--host", metavar="ADDRESS", help="the address to listen on (default: 127.0.0.1)")
    serve.add_argument("--port", metavar="N", type=int, help="the port to listen on (default: 9443)")
    work = _command(commands, "work", "work:work", "send what is in the outbox, without the web")
    work.add_argument("--once", action="store_true", help="send what is due now, then end")
    _command(commands, "migrate", "database:migrate", "bring the database up to date")


def _configuration(commands: Commands) -> None:
    check = _command(commands, "check", "check:check", "check configuration and deployment, all findings at once", json=True)
    check.add_argument("--mail-to", metavar="ADDRESS", default="", help="also send a test message")
    config = _group(commands, "config", "look at the configuration, mend it")
    _command(config, "explain", "check:explain", "every setting, its value and where it comes from", json=True, tenant=True)
    fix = _command(config, "fix", "fixing:fix", "show how a malformed deployment.toml would be mended, its meaning kept; "
                   "exit code 1 if a line means nothing and became a comment")
    fix.add_argument("--write", action="store_true", help="write it; the old file is kept as .bak")


def _importing(commands: Commands) -> None:
    importing = _group(commands, "import", "move in from elsewhere")
    wso2 = _command(importing, "wso2", "moving:wso2", "read the configuration of a WSO2 Identity Server, say of every key what becomes "
                    "of it, and write what holds here; exit code 1 if something could not be taken", json=True, tenant=True)
    wso2.add_argument("--conf", metavar="DIR", required=True, help="its directory (IS_HOME), repository/conf, or any with its files")
    wso2.add_argument("--out", metavar="FILE", default="", help="the deployment.toml to write (default: the one in the data directory)")
    wso2.add_argument("--dry-run", action="store_true", help="only say what would become of each key; write nothing")
    wso2.add_argument("--force", action="store_true", help="replace what is there already: files are kept as .bak")
    users = _command(importing, "users", "intake:users", "create users from a file of CSV, JSON lines or LDIF, or a dump of WSO2's user "
                     "table; can be begun again after a crash; exit code 1 if somebody could not be imported", json=True, tenant=True)
    users.add_argument("file", metavar="FILE")
    users.add_argument("--format", choices=("csv", "jsonl", "ldif", "wso2"), default="", help="default: as the file looks")
    users.add_argument("--encoding", choices=("utf-8", "utf-16", "latin-1", "windows-1252"), default="",
                       help="default: UTF-8, or by its mark")
    users.add_argument("--domain", metavar="DOMAIN", default="", help="the user store for names without one (default: PRIMARY)")
    users.add_argument("--invite", action=argparse.BooleanOptionalAction, default=None,
                       help="invite those who bring no password (default: as the tenant is set)")
    users.add_argument("--dry-run", action="store_true", help="only say what would become of each")
    users.add_argument("--errors", metavar="FILE", default="", help="a CSV file for whom could not be imported, and why")
    users.add_argument("--again", action="store_true", help="from the beginning, even if this file was imported before")
    users.add_argument("--digest", metavar="KIND", default="", help="of a WSO2 table: sha-1, sha-256, sha-512, pbkdf2[:ROUNDS] or plain "
                       "(default: by the length)")
    users.add_argument("--source-tenant", metavar="N", default="-1234", help="of a WSO2 table: whose users (default: -1234), or all")
    users.add_argument("--most-rows", metavar="N", type=_natural, default=1_000_000, help="people in the file at most (default: 1000000)")
    users.add_argument("--at-once", metavar="N", type=_natural, default=500, help="people in one transaction (default: 500)")
    users.add_argument("--longest-line", metavar="N", type=_natural, default=65_536, help="characters of a line at most (default: 65536)")


def _people(commands: Commands) -> None:
    admin = _group(commands, "admin", "administrators")
    invite = _command(admin, "invite", "people:invite_administrator",
                      "print the set-password link of an administrator: a new one, or one who cannot get in any more", tenant=True)
    invite.add_argument("username", nargs="?", default="", help="the name (default: [super_admin] username)")
    invite.add_argument("--email", metavar="ADDRESS", default="", help="the administrator's address")
    user = _group(commands, "user", "users")
    listing = _command(user, "list", "people:listing", "list users", json=True, tenant=True)
    listing.add_argument("--status", default="", help="active, invited, reset, locked, disabled or not-invited")
    listing.add_argument("--search", default="", help="part of a name or address")
    _some(listing)
    for name, text in (("show", "show a user"), ("resend", "send what is pending again: invitation, reset or confirmation"),
                       ("reset", "demand a new password: the account closes, its owner gets a message"), ("lock", "lock an account"),
                       ("unlock", "take away an administrator's lock"), ("delete", "delete a user")):
        one = _command(user, name, f"people:{name}", text, json=True, tenant=True)
        one.add_argument("user", metavar="USER")
    for name, text in (("grant", "give a user a role"), ("deny", "take a role away from a user")):
        one = _command(user, name, f"people:{name}", text, json=True, tenant=True)
        one.add_argument("user", metavar="USER")
        one.add_argument("role", metavar="ROLE", help="admin or Internal/helpdesk")
    add = _command(user, "add", "people:add", "create a user", json=True, tenant=True)
    add.add_argument("user", metavar="USER")
    add.add_argument("--email", metavar="ADDRESS", default="")
    add.add_argument("--given-name", metavar="NAME", default="")
    add.add_argument("--family-name", metavar="NAME", default="")
    add.add_argument("--role", metavar="NAME", action="append", default=[], help="a role to give; may be repeated")
    add.add_argument("--invite", action="store_true", help="send a link to set the password")


def _tenants(commands: Commands) -> None:
    tenant = _group(commands, "tenant", "tenants")
    add = _command(tenant, "add", "tenants:add", "create a tenant", json=True)
    add.add_argument("domain", metavar="DOMAIN")
    add.add_argument("--name", default="", help="the organisation's name")
    add.add_argument("--admin", metavar="NAME", default="", help="also create its first administrator; without --email the link is printed")
    add.add_argument("--email", metavar="ADDRESS", default="", help="the administrator's address: the invitation is sent there")
    _command(tenant, "list", "tenants:listing", "list tenants: state, users", json=True)
    for name, text in (("suspend", "close a tenant for everybody; nothing is lost"), ("resume", "open a suspended tenant again"),
                       ("rename", "change the organisation's name"), ("delete", "delete a tenant with everything in it")):
        one = _command(tenant, name, f"tenants:{name}", text, json=True)
        one.add_argument("domain", metavar="DOMAIN")
        if name == "rename":
            one.add_argument("name", metavar="NAME")
        if name == "delete":
            one.add_argument("--yes", action="store_true", help="do not ask")


def _stores(commands: Commands) -> None:
    store = _group(commands, "store", "user stores: the domains of users, LDAP directories among them")
    _command(store, "list", "stores:listing", "list the domains of users", json=True, tenant=True)
    for name, text in (("show", "show a user store; never its password"), ("add", "connect a directory; it is looked through at once"),
                       ("test", "try a connection: the stored one, or, with --kind, one that is not stored"),
                       ("look", "have the whole directory looked through now"), ("enable", "switch a directory on"),
                       ("disable", "switch a directory off: its users can no longer sign in"),
                       ("remove", "take a directory away from here; the directory itself is not changed")):
        one = _command(store, name, f"stores:{name}", text, json=True, tenant=True)
        one.add_argument("domain", metavar="DOMAIN")
        if name in {"add", "test"}:
            one.add_argument("--kind", choices=("ldap", "ad"), required=name == "add", default="", help="LDAP or Active Directory")
            one.add_argument("--set", metavar="NAME=VALUE", action="append", default=[], help="a setting, e.g. ConnectionURL=ldaps://…")
            one.add_argument("--map", metavar="CLAIM=ATTRIBUTE", action="append", default=[], help="where a claim is kept, if not as usual")
            one.add_argument("--password-file", metavar="FILE", default="", help="the password to connect with; - reads standard input")
        if name == "remove":
            one.add_argument("--forget", action="store_true", help="forget its users here first; it must be switched off")


def _clients(commands: Commands) -> None:
    client = _group(commands, "client", "applications that people sign in to, and programs with a token of their own (OAuth clients)")
    add = _command(client, "add", "clients:add", "create a client and print its secret, this once, as JSON", json=True, tenant=True)
    add.add_argument("name", metavar="NAME")
    add.add_argument("--public", action="store_true", help="it runs in a browser or on a device and keeps no secret; PKCE is required")
    _application(add)
    _command(client, "list", "clients:listing", "list clients", json=True, tenant=True)
    for name, text in (("show", "show a client; never its secret"), ("set", "change a client: only what is named changes"),
                       ("scope", "change what a client may do, at once"), ("delete", "delete a client; its tokens end"),
                       ("rotate", "give a client a new secret; the old one and its tokens end")):
        one = _command(client, name, f"clients:{name}", text, json=True, tenant=True)
        one.add_argument("client_id", metavar="CLIENT_ID")
        if name == "scope":
            one.add_argument("scopes", metavar="SCOPES", help="scopes, separated by spaces")
        if name == "set":
            one.add_argument("--name", metavar="NAME", default="", help="what it is called from now on")
            _application(one)


def _application(command: argparse.ArgumentParser) -> None:
    """What is not given is None."""
    command.add_argument("--scope", metavar="SCOPES", help="what it may do by itself: scopes, separated by spaces")
    command.add_argument("--redirect-uri", metavar="URI", action="append",
                         help="where people come back to after signing in; may be repeated")
    command.add_argument("--post-logout-redirect-uri", metavar="URI", action="append",
                         help="where the application may send people after signing out; may be repeated")
    command.add_argument("--backchannel-logout-uri", metavar="URI", help="called when somebody's session ends")
    command.add_argument("--access-url", metavar="URL", help="where people open it; My Account links there")
    command.add_argument("--consent", action=argparse.BooleanOptionalAction, default=None,
                         help="ask people before it learns who they are (default: yes)")
    command.add_argument("--signed-with", choices=("RS256", "ES256"), help="how ID tokens are signed (default: RS256)")


def _signing_keys(commands: Commands) -> None:
    keys = _group(commands, "signing-key", "the keys that ID tokens are signed with; they change by themselves")
    _command(keys, "list", "signing_keys:listing", "list the keys that applications are shown", json=True, tenant=True)
    rotate = _command(keys, "rotate", "signing_keys:rotate", "make a new key that signs from now on", json=True, tenant=True)
    rotate.add_argument("--alg", choices=("RS256", "ES256"), default="", help="default: one for each")
    rotate.add_argument("--at-once", action="store_true", help="the old key leaked: forget it, and with it everything it signed")


def _attributes(commands: Commands) -> None:
    attribute = _group(commands, "attribute", "attributes that you add to users")
    add = _command(attribute, "add", "attributes:add", "let users have one more attribute", json=True, tenant=True)
    add.add_argument("name", metavar="NAME")
    add.add_argument("--type", default="string", help="string, boolean or dateTime (default: string)")
    add.add_argument("--description", metavar="TEXT", default="", help="what it means, for whoever sets up a program")
    _command(attribute, "list", "attributes:listing", "list the attributes that were added", json=True, tenant=True)
    remove = _command(attribute, "remove", "attributes:remove", "remove an attribute; nobody sees it any more", json=True, tenant=True)
    remove.add_argument("name", metavar="NAME")


def _outbox(commands: Commands) -> None:
    outbox = _group(commands, "outbox", "messages: waiting, sent, failed")
    listing = _command(outbox, "list", "messages:listing", "list messages, newest first", json=True, tenant=True)
    listing.add_argument("--state", default="", help="queued, sending, sent, kept, failed or withdrawn")
    _some(listing)
    for name, text in (("show", "show a message and its attempts"), ("redrive", "send a failed or kept message again"),
                       ("withdraw", "take back a message that was not sent yet")):
        one = _command(outbox, name, f"messages:{name}", text, json=True, tenant=True)
        one.add_argument("id", metavar="ID")
