"""`admin` and `user`: people, through the same operations as every other door."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from housekey.cli import output
from housekey.cli.options import DONE, enter, now
from housekey.cli.tenants import speaking_in
from housekey.conf.house import House
from housekey.core.names import split_username
from housekey.core.principal import Principal
from housekey.core.users import Changes, Email, Invitation, NewUser, Profile, User


def invite_administrator(arguments: Namespace) -> int:
    """A set-password link, for a new administrator or for one who cannot get in any more."""
    house, by = _enter(arguments)
    from housekey.operations import bootstrap

    name = arguments.username or house.config.super_admin.username
    link = bootstrap.invite_administrator(house, by, name, arguments.email, now())
    print(f"Hand this link to “{output.text(name)}”. It sets the password, one time:\n{link}")
    return DONE


def listing(arguments: Namespace) -> int:
    _, by = _enter(arguments)
    from housekey.operations import users

    page = users.listing(by, status=arguments.status, search=arguments.search, offset=arguments.offset, limit=arguments.limit)
    if arguments.json:
        output.as_json({"total": page.total, "users": [_view(user) for user in page.users]})
        return DONE
    output.table(("NAME", "STATE", "MAIL", "CREATED"),
                 [(user.name, user.standing.label, user.profile.mail, user.created) for user in page.users])
    print(f"{len(page.users)} of {page.total}")
    return DONE


def show(arguments: Namespace) -> int:
    _, by = _enter(arguments)
    from housekey.operations import onboarding, users

    user = users.by_name(by, arguments.user, now())
    invitations = onboarding.invitations(by, user.id, now())
    if arguments.json:
        output.as_json(_view(user) | {"invitations": invitations})
        return DONE
    output.facts({"Name": user.name, "Id": user.id, "State": user.standing.label, "Locked for": user.standing.locked_reason,
                  "Given name": user.profile.given_name, "Family name": user.profile.family_name, "Mail": user.profile.mail,
                  "Roles": ", ".join(user.roles), "Created": user.created, "Changed": user.modified})
    if invitations:
        print()
        output.table(("INVITATION", "TO", "ISSUED", "EXPIRES", "ERROR"),
                     [(one.state, one.recipient, one.issued, one.expires or "never", one.error) for one in invitations])
    return DONE


def add(arguments: Namespace) -> int:
    house, by = _enter(arguments)
    from housekey.operations import users

    emails = (Email(arguments.email, primary=True),) if arguments.email else ()
    profile = Profile(given_name=arguments.given_name, family_name=arguments.family_name, emails=emails)
    new = NewUser(split_username(arguments.user), profile, ask_password=arguments.invite, roles=tuple(dict.fromkeys(arguments.role)))
    user = users.create(house, by, new, now())
    return _done(arguments, user, f"{user.name} was created" + (f" and invited at {user.profile.mail}." if arguments.invite else "."))


def resend(arguments: Namespace) -> int:
    house, by = _enter(arguments)
    from housekey.operations import onboarding, pending, users

    user = users.by_name(by, arguments.user, now())
    again = pending.resend if user.standing.pending else onboarding.resend
    invitation: Invitation = again(house, by, user.id, now()).invitation
    if arguments.json:
        output.as_json(invitation)
    else:
        print(f"A new message to {output.text(invitation.recipient)} is on its way; what was sent before no longer works.")
    return DONE


def reset(arguments: Namespace) -> int:
    """Force a new password: the account closes at once, its owner gets a link or code by the tenant's method."""
    house, by = _enter(arguments)
    from housekey.operations import resets, users

    issued = resets.force(house, by, users.by_name(by, arguments.user, now()).id, now()).invitation
    if arguments.json:
        output.as_json(issued)
    elif issued.recipient:
        print(f"The account is closed until its owner has set a new password; a message to {output.text(issued.recipient)} is on its way.")
    else:
        print("The account is closed until its owner has set a new password. Read the code in the console and pass it on.")
    return DONE


def lock(arguments: Namespace) -> int:
    return _set_lock(arguments, locked=True)


def unlock(arguments: Namespace) -> int:
    return _set_lock(arguments, locked=False)


def grant(arguments: Namespace) -> int:
    return _set_role(arguments, held=True)


def deny(arguments: Namespace) -> int:
    return _set_role(arguments, held=False)


def delete(arguments: Namespace) -> int:
    _, by = _enter(arguments)
    from housekey.operations import users

    user = users.by_name(by, arguments.user, now())
    users.delete(by, user.id, now())
    return _done(arguments, user, f"{user.name} was deleted.")


def _set_lock(arguments: Namespace, *, locked: bool) -> int:
    house, by = _enter(arguments)
    from housekey.operations import users

    user = users.change(house, by, users.by_name(by, arguments.user, now()).id, Changes(locked=locked), now())
    return _done(arguments, user, f"{user.name} is {user.standing.label}.")


def _set_role(arguments: Namespace, *, held: bool) -> int:
    _, by = _enter(arguments)
    from housekey.operations import roles, users

    user = users.by_name(by, arguments.user, now())
    (roles.grant if held else roles.deny)(by, user.id, arguments.role, now())
    user = users.by_name(by, arguments.user, now())
    return _done(arguments, user, f"{user.name} {'has' if held else 'no longer has'} the role {arguments.role}.")


def _enter(arguments: Namespace) -> tuple[House, Principal]:
    house = enter()
    return house, speaking_in(arguments.tenant)


def _done(arguments: Namespace, user: User, sentence: str) -> int:
    if arguments.json:
        output.as_json(_view(user))
    else:
        print(output.text(sentence))
    return DONE


def _view(user: User) -> dict[str, Any]:
    """A user as JSON: flat where people script against it."""
    return {
        "id": str(user.id), "name": str(user.name), "state": user.standing.label, "locked": user.standing.locked,
        "lockedReason": user.standing.locked_reason, "givenName": user.profile.given_name, "familyName": user.profile.family_name,
        "emails": list(user.profile.emails), "roles": list(user.roles), "created": user.created, "modified": user.modified,
    }
