"""RemoteUserStoreManagerService (reference 5.2): users, their passwords, claims and roles by name."""

from __future__ import annotations

from housekey.core.claims import ACCOUNT_DISABLED, ACCOUNT_LOCKED, ASK_PASSWORD, DIALECT, VERIFY_EMAIL
from housekey.core.errors import Invalid, WrongCredentials
from housekey.core.names import name_key, split_username
from housekey.core.principal import EVERYONE, USER_LIST, USER_UPDATE, USER_VIEW
from housekey.core.users import Changes, NewUser, User
from housekey.operations import login, own_password, roles, users
from housekey.operations.claims import supported
from housekey.soap import people
from housekey.soap.schema import Call, Complex, Operation, Part, Service, Values, returns, strings
from housekey.web.house import house

NAMESPACE = "http://service.ws.um.carbon.wso2.org"
_COMMON = "http://common.mgt.user.carbon.wso2.org/xsd"
_CORE = "http://core.user.carbon.wso2.org/xsd"
PAGE = 200
"""Users read at a time while looking for names."""
MOST_READ = 4_000
"""Users looked at for one list."""

CLAIM_VALUE = Complex("ClaimValue", _COMMON, strings("claimURI", "value"))
CLAIM = Complex("ClaimDTO", _COMMON, (
    *strings("claimUri", "description", "dialectURI"), Part("displayOrder", "int"), Part("displayTag"), Part("regEx"),
    Part("required", "boolean"), Part("supportedByDefault", "boolean"), Part("value"),
))


# --- users -------------------------------------------------------------------------------------------------------------


def add_user(call: Call, values: Values) -> None:
    """With the claim askPassword = true the user is invited and the credential ignored. `requirePasswordChange` means nothing, as in
    WSO2 since 5.3: it is the invitation that makes people choose a password."""
    people.check_profile_name(values)
    name = people.local(call, values["userName"], "userName")
    profile, wanted = people.new_profile(people.collected(_pairs(values["claims"])), name)
    ask = wanted.on(ASK_PASSWORD)
    new = NewUser(
        name=split_username(name),
        profile=profile,
        password=None if ask else values["credential"] or None,
        ask_password=ask,
        verify_email=wanted.on(VERIFY_EMAIL),
        disabled=wanted.on(ACCOUNT_DISABLED),
        locked=wanted.on(ACCOUNT_LOCKED),
        roles=_roles(values["roleList"]),
    )
    users.create(house(), call.by, new, call.now)


def _roles(names: list[str]) -> tuple[str, ...]:
    """Everyone is in Internal/everyone without being put there."""
    return tuple(dict.fromkeys(name for name in names if name and name.lower() != EVERYONE.lower()))


def delete_user(call: Call, values: Values) -> None:
    users.delete(call.by, users.by_name(call.by, people.local(call, values["userName"], "userName"), call.now).id, call.now)


def is_existing_user(call: Call, values: Values) -> bool:
    return users.find(call.by, people.local(call, values["userName"], "userName"), call.now) is not None


def get_user_id(call: Call, values: Values) -> str:
    return str(people.user(call, values["username"]).id)


def list_users(call: Call, values: Values) -> list[str]:
    """Names that fit `filter`, in which `*` stands for anything; at most `maxItemLimit` and never more than a page of `limits.page`."""
    call.by.must(USER_LIST)
    asked = values["filter"] or "*"
    most, page = house().config.limits.page, values["maxItemLimit"] or 0
    most = min(page, most) if page > 0 else most
    wanted = split_username(asked)
    pieces = [name_key(piece) for piece in wanted.bare.split("*")]
    found: list[str] = []
    for offset in range(0, MOST_READ, PAGE):
        listed = users.listing(call.by, search=max(wanted.bare.split("*"), key=len), offset=offset, limit=PAGE).users
        found += [str(user.name) for user in listed if _fits(user, wanted.domain if "/" in asked else "", pieces)]
        if len(listed) < PAGE or len(found) >= most:
            break
    return found[:most]


def _fits(user: User, domain: str, pieces: list[str]) -> bool:
    """Piece after piece, without a regular expression that a filter could make slow (A-086)."""
    key = user.name.key
    if domain not in {"", "*", user.name.domain}:
        return False
    if len(pieces) == 1:
        return key == pieces[0]
    if not key.startswith(pieces[0]) or not key[len(pieces[0]):].endswith(pieces[-1]):
        return False
    rest = key[len(pieces[0]) : len(key) - len(pieces[-1])]
    for piece in pieces[1:-1]:
        _before, cut, rest = rest.partition(piece) if piece else ("", "x", rest)
        if not cut:
            return False
    return True


# --- passwords ---------------------------------------------------------------------------------------------------------


def authenticate(call: Call, values: Values) -> bool:
    """Is this the user's password, and may they sign in? Counted and audited like any sign-in; never takes a one-time code."""
    call.by.must(USER_VIEW)
    return _is_password(call, people.local(call, values["userName"], "userName"), values["credential"] or "")


def _is_password(call: Call, name: str, password: str) -> bool:
    try:
        login.basic(house(), call.by.tenant, name, password, network=call.by.network, now=call.now, by_path=True)
    except WrongCredentials:
        return False
    return True


def update_credential(call: Call, values: Values) -> None:
    """The old password is asked, from whoever calls: from people for their own, from administrators for somebody who told them."""
    name = people.local(call, values["userName"], "userName")
    old, new = values["oldCredential"] or "", values["newCredential"] or ""
    if people.is_own(call, name):
        own_password.change_password(house(), call.by, old, new, agent=None, now=call.now)
        return
    call.by.must(USER_UPDATE)
    user = users.by_name(call.by, name, call.now)
    if not _is_password(call, name, old):
        raise Invalid("Old credential does not match with the existing credentials.", field="oldCredential")
    users.change(house(), call.by, user.id, Changes(password=new, version=user.version), call.now)


def update_credential_by_admin(call: Call, values: Values) -> None:
    """Ends whatever was pending, like every password an administrator sets."""
    name = people.local(call, values["userName"], "userName")
    call.by.must(USER_UPDATE)
    if people.is_own(call, name):
        raise Invalid("Change your own password with updateCredential, which asks for the old one.", field="userName")
    users.change(house(), call.by, users.by_name(call.by, name, call.now).id, Changes(password=values["newCredential"] or ""), call.now)


# --- claims ------------------------------------------------------------------------------------------------------------


def set_user_claim_value(call: Call, values: Values) -> None:
    people.check_profile_name(values)
    pairs = [(values["claimURI"], values["claimValue"])]
    people.change(call, people.local(call, values["userName"], "userName"), people.collected(pairs))


def set_user_claim_values(call: Call, values: Values) -> None:
    people.check_profile_name(values)
    people.change(call, people.local(call, values["userName"], "userName"), people.collected(_pairs(values["claims"])))


def get_user_claim_value(call: Call, values: Values) -> str | None:
    user = people.user(call, values["userName"], "userName")
    people.check_profile_name(values)
    return people.value(call, user, values["claim"] or "") or None


def get_user_claim_values_for_claims(call: Call, values: Values) -> list[Values]:
    """Only what there is: a claim without a value is left out."""
    user = people.user(call, values["userName"], "userName")
    people.check_profile_name(values)
    found = {uri: people.value(call, user, uri) for uri in values["claims"]}
    return [{"claimURI": uri, "value": value} for uri, value in found.items() if value]


def get_user_claim_values(call: Call, values: Values) -> list[Values]:
    user = people.user(call, values["userName"], "userName")
    people.check_profile_name(values)
    shown = [(claim, people.value(call, user, claim.uri)) for claim in supported(call.by.tenant)]
    return [
        {"claimUri": claim.uri, "description": claim.description, "dialectURI": DIALECT, "displayOrder": claim.display_order,
         "displayTag": claim.display_name, "regEx": claim.regex or None, "required": claim.required, "supportedByDefault": True,
         "value": value}
        for claim, value in shown if value
    ]


def _pairs(rows: list[Values]) -> list[tuple[str | None, str | None]]:
    return [(row["claimURI"], row["value"]) for row in rows]


# --- roles -------------------------------------------------------------------------------------------------------------


def get_role_list(call: Call, values: Values) -> list[str]:
    return [EVERYONE, *people.user(call, values["userName"], "userName").roles]


def update_role_list(call: Call, values: Values) -> None:
    """All of it or nothing."""
    call.by.must(USER_UPDATE)
    user = users.by_name(call.by, people.local(call, values["userName"], "userName"), call.now)
    roles.update(call.by, user.id, taken=_roles(values["deletedRoles"]), given=_roles(values["newRoles"]), now=call.now)


_CLAIMS = Part("claims", CLAIM_VALUE, many=True)

SERVICE = Service("RemoteUserStoreManagerService", NAMESPACE, Complex("UserStoreException", _CORE, ()), (
    Operation("addUser", (*strings("userName", "credential"), Part("roleList", many=True), _CLAIMS, Part("profileName"),
                          Part("requirePasswordChange", "boolean")), None, add_user),
    Operation("deleteUser", strings("userName"), None, delete_user),
    Operation("isExistingUser", strings("userName"), returns("boolean"), is_existing_user),
    Operation("getUserId", strings("username"), returns(), get_user_id),
    Operation("listUsers", (Part("filter"), Part("maxItemLimit", "int")), returns(many=True), list_users),
    Operation("authenticate", strings("userName", "credential"), returns("boolean"), authenticate),
    Operation("updateCredential", strings("userName", "newCredential", "oldCredential"), None, update_credential),
    Operation("updateCredentialByAdmin", strings("userName", "newCredential"), None, update_credential_by_admin),
    Operation("setUserClaimValue", strings("userName", "claimURI", "claimValue", "profileName"), None, set_user_claim_value),
    Operation("setUserClaimValues", (Part("userName"), _CLAIMS, Part("profileName")), None, set_user_claim_values),
    Operation("getUserClaimValue", strings("userName", "claim", "profileName"), returns(), get_user_claim_value),
    Operation("getUserClaimValues", strings("userName", "profileName"), returns(CLAIM, many=True), get_user_claim_values),
    Operation("getUserClaimValuesForClaims", (Part("userName"), Part("claims", many=True), Part("profileName")),
              returns(CLAIM_VALUE, many=True), get_user_claim_values_for_claims),
    Operation("getRoleListOfUser", strings("userName"), returns(many=True), get_role_list),
    Operation("updateRoleListOfUser", (Part("userName"), Part("deletedRoles", many=True), Part("newRoles", many=True)), None,
              update_role_list),
))
