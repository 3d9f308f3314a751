"""Users: create, read, list, change, delete. The same functions behind SCIM, the console and the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from housekey.conf.house import House
from housekey.core import claim_rules
from housekey.core.account import ADMIN_INITIATED, MAX_ATTEMPTS, Standing
from housekey.core.errors import Conflict, FeatureOff, Invalid, NotFound, NotPermitted, Stale
from housekey.core.messages import ADDRESS_CHANGED, PASSWORD_CHANGED
from housekey.core.names import UserName, check_username, findable, name_key, split_username
from housekey.core.policy import Policy
from housekey.core.principal import OFFLINE_INVITE, USER_CREATE, USER_DELETE, USER_LIST, USER_UPDATE, USER_VIEW, Principal
from housekey.core.properties import ENABLE, INVITE_WITHOUT_PASSWORD, LOCK
from housekey.core.users import Changes, NewUser, Profile, User, UserPage
from housekey.operations import accounts, audit, codes, confirmation, groups, hashing, onboarding, pending, resets, sending
from housekey.operations.addresses import check_address
from housekey.operations.passwords import accepted
from housekey.operations.policies import effective
from housekey.operations.roles import join, keep_one_administrator, must_outrank
from housekey.operations.transactions import durable, nothing
from housekey.store import hot, population
from housekey.store.models import Account, Code
from housekey.userstores import listed
from housekey.userstores.base import StoredUser
from housekey.userstores.listed import Listed
from housekey.userstores.registry import domains as store_domains
from housekey.userstores.registry import store_for


def create(house: House, by: Principal, new: NewUser, now: datetime, *, also: Callable[[User], object] = nothing) -> User:
    """Create a user and, with `ask_password`, invite her: user, account, code, message and audit entry together or not at all.

    Raises NotPermitted, Invalid (field names the part), FeatureOff, PasswordRefused, Conflict.
    """
    by.must(USER_CREATE)
    store = store_for(by.tenant, new.name.domain)
    check_username(new.name)
    check_profile(new.profile)
    policy = effective(house, by.tenant)
    claim_rules.check(policy.rules, None, new.profile)
    new = replace(new, ask_password=new.ask_password or _invites_anyway(by, new, policy))
    standing, password_hash = Standing(disabled=new.disabled, locks=frozenset({ADMIN_INITIATED} if new.locked else ())), ""
    if new.ask_password:
        standing = _invitable(by, new, policy, standing)
    elif new.password is not None:
        password_hash = hashing.make(accepted(house, by.tenant, policy, new.name, new.password))
        standing = standing.password_set()
    if new.verify_email and not new.ask_password:
        standing = _confirmable(by, new, policy, standing)
    user = User(uuid4(), new.name, new.profile, standing, now, now, roles=new.roles)
    with durable(taken=name_taken(new.name)):
        insert(by, user)
        store.insert(by.tenant, StoredUser(user.id, user.name, user.profile), password_hash)
        for role in new.roles:
            join(by, user.id, role)
        audit.record(by, "user:create", now, target=str(user.name), target_id=user.id, ask_password=new.ask_password)
        code = _first_message(house, by, new, user, policy, now)
        user = replace(user, code=onboarding.handed_out(house, by.tenant, policy, user, code) if code else "")
        also(user)
    return user


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


def name_taken(name: UserName) -> Conflict:
    return Conflict(f"User with the name: {name} already exists in the system. Choose another userName.", field="userName")


def must_be_free(by: Principal, name: UserName) -> None:
    """What `create` would say of the name alone. Raises Invalid, Conflict, NotPermitted."""
    by.must(USER_CREATE)
    store_for(by.tenant, name.domain)
    check_username(name)
    if hot.account_by_name(by.tenant.id, name.domain, name.key) is not None:
        raise name_taken(name)


def insert(by: Principal, user: User) -> None:
    """The account row: a step inside a transaction."""
    standing = user.standing
    row = Account(
        id=user.id,
        tenant_id=by.tenant.id,
        domain=user.name.domain,
        name_key=user.name.key,
        pending=standing.pending,
        locks=" ".join(sorted(standing.locks)),
        disabled=standing.disabled,
        has_password=standing.has_password,
        created=user.created,
        modified=user.modified,
        password_changed=user.created if standing.has_password else None,
    )
    hot.insert(row)
    population.change(by.tenant.id, user.name.domain, +1)


def check_profile(profile: Profile) -> None:
    """Raise Invalid, naming `emails[n]`, for an address that cannot be mailed to, or a name or language that is too long."""
    if len(profile.emails) > 20:
        raise Invalid("A user can have at most 20 e-mail addresses.", field="emails")
    for number, mail in enumerate(profile.emails):
        check_address(mail.value, f"emails[{number}]")
    texts = (("name.givenName", profile.given_name, 255), ("name.familyName", profile.family_name, 255), ("locale", profile.locale, 35))
    for field, value, most in texts:
        if len(value) > most:
            raise Invalid(f"{field} is longer than {most} characters.", field=field)
        if value != findable(value):
            raise Invalid(f"{field} contains a character that cannot be stored.", field=field)


def get(by: Principal, user_id: UUID, *, permission: str = USER_VIEW) -> User:
    """Who changes a user may see what is changed: such a caller names that `permission`. Raises NotFound, NotPermitted."""
    by.must(permission)
    return accounts.user(by.tenant, accounts.load(by.tenant, user_id))


def find(by: Principal, username: str) -> User | None:
    """The one user of that name (`user` or `DOMAIN/user`, any spelling of it), or None."""
    by.must(USER_LIST)
    name = split_username(findable(username))
    account = hot.account_by_name(by.tenant.id, name.domain, name.key)
    return accounts.user(by.tenant, account) if account else None


def listing(by: Principal, *, status: str = "", search: str = "", sort: str = "name", offset: int = 0, limit: int = 50) -> UserPage:
    """`status`: a key of `listed.STATUSES`; `search` looks in name, full name and address; `sort`: name, created or changed, `-` before it
    for the other way round. Raises NotPermitted, Invalid (field status or sort)."""
    by.must(USER_LIST)
    wanted = Listed(by.tenant, status, search, sort)
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
    password_hash = ""
    if changes.password is not None and not changes.ask_password:
        name = accounts.user(by.tenant, accounts.load(by.tenant, user_id)).name
        password_hash = hashing.make(accepted(house, by.tenant, policy, name, changes.password))
    with durable():
        account = accounts.hold(by.tenant, user_id)
        before = accounts.user(by.tenant, account)
        _may_change(by, account, before, changes)
        if changes.profile:
            claim_rules.check(policy.rules, before.profile, changes.profile)
        _write(by, account, before, changes, password_hash)
        if password_hash:
            codes.end_live(by.tenant, account.id, "revoked", now, but="confirmation")
        elif changes.disabled and not before.standing.disabled:
            codes.end_live(by.tenant, account.id, "revoked", now)
        standing, unassigned = _next_standing(before.standing, changes, new_password=bool(password_hash)), _unassigned(before, changes)
        written = bool(password_hash) or changes.profile not in (None, before.profile)
        if written or (standing, unassigned) != (before.standing, before.unassigned):
            account.unassigned = " ".join(sorted(unassigned))
            accounts.put(account, standing, now, new_credential=bool(password_hash))
        code = _message(house, by, account, before, changes, policy, now)
        user = accounts.user(by.tenant, account)
        _tell_owner(house, by, before, user, policy, now, new_password=bool(password_hash))
        audit.record(by, "user:change", now, target=str(user.name), target_id=user.id, changed=_told(changes, password_hash))
        user = replace(user, code=onboarding.handed_out(house, by.tenant, policy, user, code) if code else "")
        also(user)
    return user


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


def _told(changes: Changes, password_hash: str) -> dict[str, bool | None]:
    """What the audit log says was changed: names, never values."""
    told = {"profile": changes.profile is not None, "password": bool(password_hash), "disabled": changes.disabled, "locked": changes.locked}
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
        must_outrank(by, account.id)
        if version is not None and version != account.version:
            raise Stale("The user was changed by somebody else meanwhile. Read it again before you delete it.")
        if account.id == by.account_id:
            raise Invalid("You cannot delete your own account. Ask another administrator.", field="id")
        keep_one_administrator(by.tenant, account)
        name = accounts.user(by.tenant, account).name
        codes.end_live(by.tenant, account.id, "revoked", now)
        accounts.store_of(by.tenant, account).delete(by.tenant, account.id)
        groups.leave_all(by.tenant, account.id, now)
        Account.objects.within(by.tenant).filter(id=account.id).delete()
        population.change(by.tenant.id, account.domain, -1)
        audit.record(by, "user:delete", now, target=str(name), target_id=user_id)
        also(None)


def domains(by: Principal) -> list[str]:
    """The user stores a new user of the caller's tenant can be put into, PRIMARY first. Raises NotPermitted."""
    by.must(USER_CREATE)
    return store_domains(by.tenant)


def by_name(by: Principal, username: str) -> User:
    """As `find`, but raises NotFound."""
    found = find(by, username)
    if found is None:
        raise NotFound(f"There is no user called {username[:100]}.")
    return found
