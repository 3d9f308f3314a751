"""Users: create, read, list, change, delete. The same functions behind SCIM, the console and the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid4

from housekey.conf.house import House
from housekey.core import claim_rules
from housekey.core.account import ADMIN_INITIATED, MAX_ATTEMPTS, Standing
from housekey.core.errors import FeatureOff, Invalid, NotFound, NotPermitted, Stale
from housekey.core.messages import ADDRESS_CHANGED, PASSWORD_CHANGED
from housekey.core.names import Tenant, UserName, check_username, findable, name_key, name_taken, split_username
from housekey.core.policy import Policy
from housekey.core.principal import OFFLINE_INVITE, USER_CREATE, USER_DELETE, USER_LIST, USER_UPDATE, USER_VIEW, Principal
from housekey.core.properties import ENABLE, INVITE_WITHOUT_PASSWORD, LOCK
from housekey.core.users import Changes, NewUser, User, UserPage
from housekey.operations import accounts, audit, codes, confirmation, directories, entries, groups, onboarding, pending, resets, sending
from housekey.operations.addresses import check_profile
from housekey.operations.ending import everything as end_everything
from housekey.operations.passwords import accepted
from housekey.operations.policies import effective
from housekey.operations.roles import join, keep_one_administrator, must_outrank
from housekey.operations.transactions import durable, nothing
from housekey.store import hot, population
from housekey.store.models import Account, Code
from housekey.userstores import listed
from housekey.userstores.listed import Listed
from housekey.userstores.registry import store_for


def create(house: House, by: Principal, new: NewUser, now: datetime, *, also: Callable[[User], object] = nothing) -> User:
    """Create a user and, with `ask_password`, invite her: user, account, code, message and audit entry together or not at all.

    Raises NotPermitted, Invalid (field names the part), FeatureOff, PasswordRefused, Conflict.
    """
    by.must(USER_CREATE)
    store_for(by.tenant, new.name.domain)
    policy = effective(house, by.tenant)
    new, standing = ready(by, new, policy)
    password = None if new.ask_password or new.password is None else accepted(house, by.tenant, policy, new.name, new.password)
    user = User(uuid4(), new.name, new.profile, standing, now, now, roles=new.roles)
    password_hash = directories.hash_of(password, own=directories.of(by.tenant, new.name.domain) is None)
    with directories.adding(user, by.tenant, now, password) as settle, durable(taken=name_taken(new.name)):
        code = put(house, by, new, user, password_hash, policy, now)
        settle()
        user = replace(user, code=onboarding.handed_out(house, by.tenant, policy, user, code) if code else "")
        also(user)
    return user


def ready(by: Principal, new: NewUser, policy: Policy, *, anyway: bool = True) -> tuple[NewUser, Standing]:
    """Everything that could stand against a new user, asked before anything is stored; only whether the password is good is the caller's
    question. What is to be created, invited where the tenant invites anyway (unless not `anyway`), and where the account will stand."""
    check_username(new.name)
    check_profile(new.profile)
    claim_rules.check(policy.rules, None, new.profile)
    if anyway and not new.ask_password and _invites_anyway(by, new, policy):
        new = replace(new, ask_password=True)
    standing = Standing(disabled=new.disabled, locks=frozenset({ADMIN_INITIATED} if new.locked else ()))
    if new.ask_password:
        return new, _invitable(by, new, policy, standing)
    if new.password is not None:
        standing = standing.password_set()
    return new, _confirmable(by, new, policy, standing) if new.verify_email else standing


def put(house: House, by: Principal, new: NewUser, user: User, password_hash: str, policy: Policy, now: datetime) -> Code | None:
    """The step inside a transaction that writes a new user and what she is sent; the code of that."""
    accounts.insert(by.tenant, user, password_hash)
    for role in new.roles:
        join(by, user.id, role)
    audit.record(by, "user:create", now, target=str(user.name), target_id=user.id, ask_password=new.ask_password)
    return _first_message(house, by, new, user, policy, now)


def _invites_anyway(by: Principal, new: NewUser, policy: Policy) -> bool:
    """Does the tenant invite those who come without a password? Whoever cannot be reached stays "not invited yet": a provisioning client
    that asked for no invitation is not refused for one."""
    if not (policy.on(INVITE_WITHOUT_PASSWORD) and policy.on(ENABLE)) or new.password is not None or new.verify_email or new.disabled:
        return False
    scenario = onboarding.scenario(policy, new.profile, new.invite)
    try:
        sending.must_be_reachable(new.profile, scenario)
        sending.must_deliver(by, policy, scenario)
    except (Invalid, NotPermitted):
        return False
    return True


def _invitable(by: Principal, new: NewUser, policy: Policy, standing: Standing) -> Standing:
    """Everything that could stand against an invitation, asked before anything is stored."""
    onboarding.must_be_on(policy)
    onboarding.check_special(by, new.invite)
    scenario = onboarding.scenario(policy, new.profile, new.invite)
    sending.must_be_reachable(new.profile, scenario)
    sending.must_deliver(by, policy, scenario)
    return onboarding.invited_standing(standing, policy)


def _confirmable(by: Principal, new: NewUser, policy: Policy, standing: Standing) -> Standing:
    """verifyEmail (reference 3.3): under the same master switch as invitations. UEV-10001 is WSO2's code for a missing address."""
    onboarding.must_be_on(policy)
    if not new.profile.mail:
        raise Invalid("Email address not found for email verification. Give the user one in emails.", field="emails", code="UEV-10001")
    sending.must_deliver(by, policy, policy.confirmation)
    return standing.awaiting_confirmation(lock=policy.on(LOCK))


def _first_message(house: House, by: Principal, new: NewUser, user: User, policy: Policy, now: datetime) -> Code | None:
    if new.ask_password:
        return onboarding.invite(house, by, user, policy, now, special=new.invite)
    if new.verify_email:
        return confirmation.issue(house, by, user, policy, now)
    return None


def must_be_free(by: Principal, name: UserName) -> None:
    """What `create` would say of the name alone. Raises Invalid, Conflict, NotPermitted."""
    by.must(USER_CREATE)
    store_for(by.tenant, name.domain)
    check_username(name)
    if hot.account_by_name(by.tenant.id, name.domain, name.key) is not None:
        raise name_taken(name)


def get(by: Principal, user_id: UUID, *, permission: str = USER_VIEW, now: datetime | None = None) -> User:
    """Who changes a user may see what is changed: such a caller names that `permission`. With `now`, a directory that the user is in is
    asked whether anything changed. Raises NotFound, NotPermitted."""
    by.must(permission)
    account = accounts.load(by.tenant, user_id)
    if now is not None and directories.has_any(by.tenant):
        entries.refreshed(by.tenant, account, now)
        account = accounts.load(by.tenant, user_id)
    return accounts.user(by.tenant, account)


def find(by: Principal, username: str, now: datetime | None = None) -> User | None:
    """The one user of that name (`user` or `DOMAIN/user`, any spelling of it), or None. With `now`, also one whom a directory knows."""
    by.must(USER_LIST)
    name = split_username(findable(username))
    account = entries.account_named(by.tenant, name, now) if now else hot.account_by_name(by.tenant.id, name.domain, name.key)
    return accounts.user(by.tenant, account) if account else None


def listing(by: Principal, *, status: str = "", search: str = "", sort: str = "name", domain: str = "", offset: int = 0, limit: int = 50,
            ) -> UserPage:
    """`status`: a key of `listed.STATUSES`; `search` looks in name, full name and address; `sort`: name, created or changed, `-` before it
    for the other way round; `domain`: only of this one. Raises NotPermitted, Invalid (field status or sort)."""
    by.must(USER_LIST)
    wanted = Listed(by.tenant, status, search, sort, domain)
    total, ids = listed.look(wanted, offset=offset, limit=limit)
    return UserPage(accounts.in_order(by.tenant, ids), total)


def matching(by: Principal, *, status: str = "", search: str = "", most: int) -> list[UUID]:
    """The ids of everybody whom `listing` finds, by name, `most` at most."""
    by.must(USER_LIST)
    return listed.look(Listed(by.tenant, status, search), offset=0, limit=most)[1]


def suggestions(by: Principal, search: str, *, most: int) -> list[User]:
    """Some of those whom `listing` would find, first those whose name begins so. Nobody is counted. Raises NotPermitted."""
    by.must(USER_LIST)
    ids = listed.suggested(Listed(by.tenant, search=search), most)
    return accounts.in_order(by.tenant, ids)


def names(by: Principal, ids: Sequence[UUID]) -> dict[UUID, UserName]:
    """What these users are called; who does not exist is left out."""
    by.must(USER_LIST)
    return accounts.names(by.tenant, ids)


def taken(by: Principal, names: Sequence[UserName]) -> set[tuple[str, str]]:
    """Domain and key of those among `names` that users have."""
    by.must(USER_LIST)
    rows = Account.objects.within(by.tenant).filter(domain__in={name.domain for name in names}, name_key__in={name.key for name in names})
    return set(rows.values_list("domain", "name_key"))


def change(
    house: House, by: Principal, user_id: UUID, changes: Changes, now: datetime, *, also: Callable[[User], object] = nothing
) -> User:
    """Apply `changes`; all of them or none. What changes nothing leaves version and time as they are (RFC 7644 section 3.5.2.1).
    Raises NotFound, Stale, Invalid, PasswordRefused, NotPermitted.

    A password set by an administrator ends whatever was pending and kills the outstanding code (spec section 3). A password beside
    askPassword is ignored. A corrected address of somebody invited kills the link that went to the old one and sends a new one.
    """
    by.must(USER_UPDATE)
    if changes.profile:
        check_profile(changes.profile)
    onboarding.check_special(by, changes.invite)
    policy = effective(house, by.tenant)
    new = _prepared(house, by, user_id, changes, policy)
    with directories.writing(new.person, new.before, now, profile=changes.profile, password=new.password) as settle, durable():
        account = accounts.hold(by.tenant, user_id)
        before = accounts.user(by.tenant, account)
        _may_change(by, account, before, changes)
        password_hash, new_password = new.password_hash, new.password is not None
        if changes.profile:
            claim_rules.check(policy.rules, before.profile, changes.profile)
        _write(by, account, before, changes, password_hash)
        if new_password:
            codes.end_live(by.tenant, account.id, "revoked", now, but="confirmation")
        elif changes.disabled and not before.standing.disabled:
            codes.end_live(by.tenant, account.id, "revoked", now)
        standing, unassigned = _next_standing(before.standing, changes, new_password=new_password), _unassigned(before, changes)
        written = new_password or changes.profile not in (None, before.profile)
        if written or (standing, unassigned) != (before.standing, before.unassigned):
            account.unassigned = " ".join(sorted(unassigned))
            accounts.put(account, standing, now, new_credential=new_password)
        if standing.disabled != before.standing.disabled:
            directories.follow(by.tenant, account, before.name, directories.STATE, now)
        code = _message(house, by, account, before, changes, policy, now)
        user = accounts.user(by.tenant, account)
        _tell_owner(house, by, before, user, policy, now, new_password=new_password)
        audit.record(by, "user:change", now, target=str(user.name), target_id=user.id, changed=_told(changes, new_password=new_password))
        settle()
        user = replace(user, code=onboarding.handed_out(house, by.tenant, policy, user, code) if code else "")
        also(user)
    return user


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What is known and computed before a change's transaction."""

    person: directories.Person | None = None
    before: User | None = None
    password: str | None = field(default=None, repr=False)
    password_hash: str = field(default="", repr=False)


def _prepared(house: House, by: Principal, user_id: UUID, changes: Changes, policy: Policy) -> _Prepared:
    """For somebody in a directory everything that can be refused is refused here already: the transaction comes after what the directory
    was told."""
    new_password = changes.password is not None and not changes.ask_password
    if not new_password and not directories.has_any(by.tenant):
        return _Prepared()
    account = accounts.load(by.tenant, user_id)
    before, person = accounts.user(by.tenant, account), directories.person(by.tenant, account)
    password = accepted(house, by.tenant, policy, before.name, changes.password or "") if new_password else None
    if person is not None:
        _may_change(by, account, before, changes)
        if changes.profile:
            claim_rules.check(policy.rules, before.profile, changes.profile)
        if changes.force_reset or changes.ask_password:
            directories.must_be_writable(person, before.name)
    return _Prepared(person, before, password, directories.hash_of(password, own=person is None))


def _tell_owner(house: House, by: Principal, before: User, after: User, policy: Policy, now: datetime, *, new_password: bool) -> None:
    """Somebody who had a password is told of a new one, and at the old address of a new address (A-134, A-192)."""
    if before.standing.never_activated:
        return
    if new_password:
        sending.notify(house, by.tenant, policy, before, PASSWORD_CHANGED, PASSWORD_CHANGED, now)
    if before.profile.mail and name_key(before.profile.mail) != name_key(after.profile.mail):
        sending.notify(house, by.tenant, policy, before, ADDRESS_CHANGED, "", now)


def _message(
    house: House, by: Principal, account: Account, before: User, changes: Changes, policy: Policy, now: datetime
) -> Code | None:
    """What this change sends: a forced reset, the first invitation, or what is pending anew to a corrected address; mostly nothing."""
    user = accounts.user(by.tenant, account)
    if changes.force_reset:
        return resets.begin(house, by, account, user, policy, now, special=changes.invite)
    if changes.ask_password and before.standing.pending == "":
        onboarding.must_be_on(policy)
        return onboarding.reissue(house, by, account, user, policy, now, special=changes.invite)
    last = codes.live(by.tenant, account.id) if changes.profile else None
    if last is None or not last.recipient or sending.reachable_at(user.profile, codes.scenario_of(last)) == last.recipient:
        return None
    return _follow(house, by, account, user, policy, now, last)


def _follow(house: House, by: Principal, account: Account, user: User, policy: Policy, now: datetime, last: Code) -> Code | None:
    """The address or number that a live code went to was corrected or taken away: it must not open the account any more."""
    scenario = codes.scenario_of(last)
    cannot_hold = sending.is_external(policy, scenario) and not by.may(OFFLINE_INVITE)
    if scenario.purpose == "recovery" or cannot_hold or not sending.reachable_at(user.profile, scenario):
        codes.end_live(by.tenant, account.id, "revoked", now)
        return None
    try:
        return pending.reissue(house, by, account, user, policy, now, {scenario.purpose})
    except FeatureOff:  # raised before anything is written; that nothing can be sent must not keep a wrong address
        codes.end_live(by.tenant, account.id, "revoked", now)
        return None


def _may_change(by: Principal, account: Account, before: User, changes: Changes) -> None:
    must_outrank(by, account.id)
    if changes.version is not None and changes.version != account.version:
        raise Stale("The user was changed by somebody else meanwhile. Read it again and repeat your change.")
    if changes.force_reset and changes.password is not None:
        raise Invalid("A forced reset and a new password cannot be asked for together. Send one of them.", field="forcePasswordReset")
    if changes.ask_password and before.standing.has_password:
        raise Invalid(f"{before.name} has a password already. To make them choose a new one, use forcePasswordReset.", field="askPassword")
    if changes.password is not None and account.id == by.account_id:
        raise Invalid("Your own password is changed in My Account, where the present one is asked.", field="password")
    if changes.disabled or changes.locked:
        if account.id == by.account_id:
            raise Invalid("You cannot lock or disable your own account. Ask another administrator.", field="active")
        keep_one_administrator(by.tenant, account)


def _write(by: Principal, account: Account, before: User, changes: Changes, password_hash: str) -> None:
    store = accounts.store_of(by.tenant, account)
    if changes.profile and changes.profile != before.profile:
        if changes.profile.mail != before.profile.mail:
            account.email_verified = False
        if changes.profile.mobile != before.profile.mobile:
            account.phone_verified = False
        store.update(by.tenant, account.id, changes.profile)
    if password_hash:
        store.set_password_hash(by.tenant, account.id, password_hash)


def _unassigned(before: User, changes: Changes) -> frozenset[str]:
    written = {name for name, value in (("active", changes.disabled), ("accountLocked", changes.locked)) if value is not None}
    return before.unassigned - written | changes.taken_away


def _next_standing(standing: Standing, changes: Changes, *, new_password: bool) -> Standing:
    if new_password:
        standing = standing.password_set()
    if changes.disabled is not None:
        standing = replace(standing, disabled=changes.disabled)
    if changes.locked and not changes.force_reset:
        standing = standing.locked_by(ADMIN_INITIATED)
    elif changes.locked is False and not changes.force_reset:
        standing = standing.unlocked_from(ADMIN_INITIATED).unlocked_from(MAX_ATTEMPTS)
    return standing


def _told(changes: Changes, *, new_password: bool) -> dict[str, bool | None]:
    """What the audit log says was changed: names, never values."""
    told = {"profile": changes.profile is not None, "password": new_password, "disabled": changes.disabled, "locked": changes.locked}
    return told | ({"force_reset": True} if changes.force_reset else {})


def delete(
    by: Principal, user_id: UUID, now: datetime, *, version: int | None = None, also: Callable[[None], object] = nothing
) -> None:
    """Remove the user, her codes, sessions and unsent messages; the audit log stays. `version` is the one the caller saw.

    Raises NotFound, NotPermitted, Invalid, Stale.
    """
    by.must(USER_DELETE)
    with durable():
        account = accounts.hold(by.tenant, user_id)
        _may_leave(by, account)
        must_outrank(by, account.id)
        if version is not None and version != account.version:
            raise Stale("The user was changed by somebody else meanwhile. Read it again before you delete it.")
        if account.id == by.account_id:
            raise Invalid("You cannot delete your own account. Ask another administrator.", field="id")
        keep_one_administrator(by.tenant, account)
        name = accounts.user(by.tenant, account).name
        directories.follow(by.tenant, account, name, directories.REMOVE, now)
        erase(by.tenant, account, now)
        audit.record(by, "user:delete", now, target=str(name), target_id=user_id)
        also(None)


def _may_leave(by: Principal, account: Account) -> None:
    """Somebody who is in a read-only directory would be back with the next look at it."""
    found = directories.person(by.tenant, account)
    if found and found.placed.read_only:
        raise Invalid(f"{account.domain} is read-only here: delete this user in the directory itself, or disable the account.", field="id")


def erase(tenant: Tenant, account: Account, now: datetime) -> None:
    """A step inside a transaction that holds the account: nothing of it remains but the audit log."""
    codes.end_live(tenant, account.id, "revoked", now)
    end_everything(tenant, account.id, now)
    accounts.store_of(tenant, account).delete(tenant, account.id)
    groups.leave_all(tenant, account.id, now)
    Account.objects.within(tenant).filter(id=account.id).delete()
    population.change(tenant.id, account.domain, -1)


def by_name(by: Principal, username: str, now: datetime | None = None) -> User:
    """As `find`, but raises NotFound."""
    found = find(by, username, now)
    if found is None:
        raise NotFound(f"There is no user called {username[:100]}.")
    return found
