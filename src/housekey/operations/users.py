"""Users: create, read, list, change, delete. The same functions behind SCIM, the console and the command line."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

from django.db.models import Q, QuerySet

from housekey.conf.house import House
from housekey.core.account import ADMIN_INITIATED, Standing
from housekey.core.errors import Invalid, NotFound, NotPermitted, Stale
from housekey.core.names import PRIMARY, check_username, findable, split_username
from housekey.core.principal import ADMINISTRATOR, USER_CREATE, USER_DELETE, USER_LIST, USER_UPDATE, USER_VIEW, Principal
from housekey.core.users import Changes, NewUser, Profile, User, UserPage
from housekey.operations import accounts, audit, codes, hashing, onboarding
from housekey.operations.addresses import check_address
from housekey.operations.passwords import accepted
from housekey.operations.policies import effective
from housekey.operations.roles import must_outrank
from housekey.operations.transactions import durable
from housekey.store import hot
from housekey.store.models import Account, Role, RoleMember
from housekey.userstores.base import StoredUser
from housekey.userstores.registry import store_for


def create(house: House, by: Principal, new: NewUser, now: datetime) -> User:
    """Create a user and, with `ask_password`, invite her: user, account, code, message and audit entry together or not at all.

    Raises NotPermitted, Invalid (field names the part), FeatureOff, PasswordRefused, Conflict.
    """
    by.must(USER_CREATE)
    store = store_for(by.tenant, new.name.domain)
    check_username(new.name)
    check_profile(new.profile)
    policy = effective(house, by.tenant)
    standing, password_hash = Standing(disabled=new.disabled, locks=frozenset({ADMIN_INITIATED} if new.locked else ())), ""
    if new.ask_password:
        onboarding.must_be_on(policy)
        onboarding.must_have_address(new.profile.mail)
        standing = onboarding.invited_standing(standing, policy)
    elif new.password is not None:
        password_hash = hashing.make(accepted(house, by.tenant, policy, new.name, new.password))
        standing = standing.password_set()
    user = User(uuid4(), new.name, new.profile, standing, now, now, roles=new.roles)
    with durable(taken=f"User with the name: {new.name} already exists in the system. Choose another userName."):
        insert(by, user)
        store.insert(by.tenant, StoredUser(user.id, user.name, user.profile), password_hash)
        _join(by, user)
        audit.record(by, "user:create", now, target=str(user.name), target_id=user.id, ask_password=new.ask_password)
        if new.ask_password:
            onboarding.invite(house, by, user, policy, now)
    return user


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
    )
    hot.insert(row)


def _join(by: Principal, user: User) -> None:
    for name in user.roles:
        role = Role.objects.within(by.tenant).filter(name=name).first()
        if role is None:
            raise Invalid(f"There is no role called {name}.", field="roles")
        if not set(role.permissions) <= by.permissions:
            raise NotPermitted(f"to give the role {name}")
        hot.insert(RoleMember(tenant_id=by.tenant.id, role=role, account_id=user.id))


def check_profile(profile: Profile) -> None:
    """Raise Invalid, naming `emails[n]`, for an address that cannot be mailed to, or a name that is too long."""
    if len(profile.emails) > 20:
        raise Invalid("A user can have at most 20 e-mail addresses.", field="emails")
    for number, mail in enumerate(profile.emails):
        check_address(mail.value, f"emails[{number}]")
    for field, value in (("name.givenName", profile.given_name), ("name.familyName", profile.family_name)):
        if len(value) > 255:
            raise Invalid(f"{field} is longer than 255 characters.", field=field)
        if value != findable(value):
            raise Invalid(f"{field} contains a character that cannot be stored.", field=field)


def get(by: Principal, user_id: UUID) -> User:
    """Raises NotFound, NotPermitted."""
    by.must(USER_VIEW)
    return accounts.user(by.tenant, accounts.load(by.tenant, user_id))


def find(by: Principal, username: str) -> User | None:
    """The one user of that name (`user` or `DOMAIN/user`, any spelling of it), or None."""
    by.must(USER_LIST)
    name = split_username(findable(username))
    account = hot.account_by_name(by.tenant.id, name.domain, name.key)
    return accounts.user(by.tenant, account) if account else None


def listing(by: Principal, *, status: str = "", search: str = "", offset: int = 0, limit: int = 50) -> UserPage:
    """Users by name. `status` is a `Standing.label`; `search` looks in name, full name and address."""
    by.must(USER_LIST)
    rows = _with_status(Account.objects.within(by.tenant), status)
    if search:
        rows = rows.filter(id__in=store_for(by.tenant, PRIMARY).matching(by.tenant, findable(search)))
    total = rows.count()
    page = list(rows.order_by("name_key", "id")[offset : offset + limit])
    return UserPage(accounts.users(by.tenant, page), total)


def _with_status(rows: QuerySet[Account], status: str) -> QuerySet[Account]:
    admin_locked = Q(locks__contains=ADMIN_INITIATED) | Q(locks__contains="MAX_ATTEMPTS")
    match status:
        case "":
            return rows
        case "disabled":
            return rows.filter(disabled=True)
        case "locked":
            return rows.filter(admin_locked, disabled=False)
    rows = rows.filter(disabled=False).exclude(admin_locked)
    match status:
        case "invited":
            return rows.filter(pending__in=("PENDING_AP", "PENDING_EV"))
        case "reset":
            return rows.filter(pending="PENDING_FUPR")
        case "not-invited":
            return rows.filter(pending="", has_password=False)
        case "active":
            return rows.filter(pending="", has_password=True)
    raise Invalid(f"There is no status called {status}.", field="status")


def change(house: House, by: Principal, user_id: UUID, changes: Changes, now: datetime) -> User:
    """Apply `changes`; all of them or none. Raises NotFound, Stale, Invalid, PasswordRefused, NotPermitted.

    A password set by an administrator ends whatever was pending and kills the outstanding code (spec section 3).
    """
    by.must(USER_UPDATE)
    if changes.profile:
        check_profile(changes.profile)
    policy = effective(house, by.tenant)
    password_hash = ""
    if changes.password is not None:
        name = accounts.user(by.tenant, accounts.load(by.tenant, user_id)).name
        password_hash = hashing.make(accepted(house, by.tenant, policy, name, changes.password))
    with durable():
        account = accounts.hold(by.tenant, user_id)
        must_outrank(by, account.id)
        if changes.version is not None and changes.version != account.version:
            raise Stale("The user was changed by somebody else meanwhile. Read it again and repeat your change.")
        user = accounts.user(by.tenant, account)
        if changes.ask_password and user.standing.has_password:
            raise Invalid(
                f"{user.name} has a password already. To make them choose a new one, use forcePasswordReset.", field="askPassword"
            )
        standing = _next_standing(user.standing, changes)
        store = accounts.store_of(by.tenant, account)
        if changes.profile and changes.profile != user.profile:
            if changes.profile.mail != user.profile.mail:
                account.email_verified = False
            store.update(by.tenant, account.id, changes.profile)
        if password_hash:
            codes.end_live(by.tenant, account.id, "revoked", now)
            store.set_password_hash(by.tenant, account.id, password_hash)
        invited = changes.ask_password and not standing.has_password and standing.pending == ""
        if invited:
            onboarding.must_be_on(policy)
            onboarding.must_have_address((changes.profile or user.profile).mail)
            standing = onboarding.invited_standing(standing, policy)
        accounts.put(account, standing, now, new_credential=bool(password_hash))
        user = accounts.user(by.tenant, account)
        if invited:
            onboarding.invite(house, by, user, policy, now)
        audit.record(by, "user:change", now, target=str(user.name), target_id=user.id, changed=_told(changes))
    return user


def _next_standing(standing: Standing, changes: Changes) -> Standing:
    if changes.password is not None:
        standing = standing.password_set()
    if changes.disabled is not None:
        standing = replace(standing, disabled=changes.disabled)
    if changes.locked is not None:
        standing = (
            standing.locked_by(ADMIN_INITIATED)
            if changes.locked
            else standing.unlocked_from(ADMIN_INITIATED).unlocked_from("MAX_ATTEMPTS_EXCEEDED")
        )
    return standing


def _told(changes: Changes) -> dict[str, bool | None]:
    """What the audit log says was changed: names, never values of passwords."""
    return {
        "profile": changes.profile is not None,
        "password": changes.password is not None,
        "disabled": changes.disabled,
        "locked": changes.locked,
    }


def delete(by: Principal, user_id: UUID, now: datetime) -> None:
    """Remove the user, her codes, sessions and unsent messages; the audit log stays. Raises NotFound, NotPermitted, Invalid."""
    by.must(USER_DELETE)
    with durable():
        account = accounts.hold(by.tenant, user_id)
        must_outrank(by, account.id)
        if account.id == by.account_id:
            raise Invalid("You cannot delete your own account. Ask another administrator.", field="id")
        _keep_one_administrator(by, account)
        name = accounts.user(by.tenant, account).name
        codes.end_live(by.tenant, account.id, "revoked", now)
        accounts.store_of(by.tenant, account).delete(by.tenant, account.id)
        Account.objects.within(by.tenant).filter(id=account.id).delete()
        audit.record(by, "user:delete", now, target=str(name), target_id=user_id)


def _keep_one_administrator(by: Principal, account: Account) -> None:
    members = RoleMember.objects.within(by.tenant).filter(role__name=ADMINISTRATOR)
    if members.filter(account=account).exists() and members.count() == 1:
        raise Invalid("This is the last administrator. Make somebody else administrator first.", field="id")


def by_name(by: Principal, username: str) -> User:
    """As `find`, but raises NotFound."""
    found = find(by, username)
    if found is None:
        raise NotFound(f"There is no user called {username}.")
    return found
