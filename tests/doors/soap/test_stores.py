"""RemoteUserStoreManagerService: users, passwords, claims and roles by name."""

from __future__ import annotations

import pytest

from housekey.core.errors import DeadCode
from housekey.core.names import split_username
from housekey.core.principal import EVERYONE, HELP_DESK
from housekey.core.properties import RESET_LINK, RESET_OFFLINE
from housekey.core.users import Changes
from housekey.operations import roles, users
from housekey.operations.sessions import my_sessions
from housekey.store.models import AuditEntry
from tests.doors.soap.support import CLAIM, IDENTITY, Soap
from tests.operations.support import OTHER_PASSWORD, PASSWORD, World, counts, text_of

MAIL = {"claimURI": f"{CLAIM}emailaddress", "value": "tom@example.com"}
EVERYBODY = ["admin", "mary", "thomas", "tom", "tommy"]
ASK = {"claimURI": f"{IDENTITY}askPassword", "value": "true"}


def added(soap: Soap, **more: object) -> None:
    values = {"userName": "tom", "credential": PASSWORD, "claims": [MAIL], "profileName": "default"} | more
    answer = soap.store("addUser", **values)
    assert answer.done, answer.sentence


# --- adding ------------------------------------------------------------------------------------------------------------


def test_add_user_with_a_password_lets_the_user_in(world: World, soap: Soap) -> None:
    added(soap, claims=[MAIL, {"claimURI": f"{CLAIM}givenname", "value": "Tom"}], requirePasswordChange="false")
    tom = users.by_name(world.by, "tom")
    assert (tom.profile.given_name, tom.profile.mail) == ("Tom", "tom@example.com")
    assert world.sign_in("tom")


def test_add_user_with_ask_password_invites_and_ignores_the_credential(world: World, soap: Soap) -> None:
    """A-021"""
    added(soap, claims=[MAIL, ASK])
    mail, = world.mails()
    assert (mail["To"], "confirmation=" in text_of(mail)) == ("tom@example.com", True)
    assert soap.store("authenticate", userName="tom", credential=PASSWORD).returned == ["false"]
    world.redeem(world.newest_code("tom@example.com"), OTHER_PASSWORD)
    assert world.sign_in("tom", OTHER_PASSWORD)


def test_ask_password_false_is_no_invitation(world: World, soap: Soap) -> None:
    added(soap, claims=[MAIL, ASK | {"value": "false"}])
    assert world.sign_in("tom")
    assert not world.mails()


def test_add_user_takes_roles_of_every_kind(world: World, soap: Soap) -> None:
    roles.add(world.by, "test role", ["internal_login"], world.now)
    added(soap, roleList=["test role", HELP_DESK, EVERYONE])
    assert soap.store("getRoleListOfUser", userName="tom").returned == [EVERYONE, HELP_DESK, "test role"]


@pytest.mark.parametrize(("more", "said"), [
    ({"claims": [ASK]}, "e-mail address"),
    ({"roleList": ["no such role"]}, "no such role"),
    ({"credential": "short"}, "At least"),
    ({"userName": "admin"}, "already exists"),
    ({"userName": "a b"}, "spaces"),
    ({"userName": ""}, "userName is missing"),
    ({"profileName": "work"}, "no profile work"),
    ({"claims": [MAIL, {"claimURI": f"{IDENTITY}emailVerified", "value": "true"}]}, "read-only"),
    ({"claims": [MAIL, {"claimURI": f"{IDENTITY}adminForcedPasswordReset", "value": "true"}]}, "askPassword"),
    ({"claims": [{"claimURI": f"{CLAIM}emailaddress", "value": "[email protected]"}]}, "address"),
    ({"claims": [{"claimURI": "urn:x", "value": "x"}]}, "urn:x"),
    ({"claims": [{"value": "x"}]}, "no URI"),
])
def test_add_user_refuses_and_leaves_nothing_behind(world: World, soap: Soap, more: dict[str, object], said: str) -> None:
    before = counts()
    values = {"userName": "tom", "credential": PASSWORD, "claims": [MAIL]} | more
    answer = soap.store("addUser", **values)
    assert (answer.status, answer.blames) == (500, "Client")
    assert said in answer.sentence
    assert counts() == before


def test_users_are_found_told_apart_and_deleted(world: World, soap: Soap) -> None:
    added(soap)
    assert soap.store("isExistingUser", userName="PRIMARY/TOM").returned == ["true"]
    assert soap.store("isExistingUser", userName="tom@carbon.super").returned == ["true"]
    assert soap.store("getUserId", username="tom").returned == [str(users.by_name(world.by, "tom").id)]
    assert soap.store("deleteUser", userName="tom").done
    assert soap.store("isExistingUser", userName="tom").returned == ["false"]
    assert soap.store("deleteUser", userName="tom").code == "HK-404"


@pytest.mark.parametrize(("wanted", "found"), [
    ("*", EVERYBODY), ("", EVERYBODY), ("*m*", EVERYBODY), ("tom", ["tom"]), ("TOM*", ["tom", "tommy"]),
    ("t*m*", ["thomas", "tom", "tommy"]), ("*y", ["mary", "tommy"]), ("PRIMARY/m*", ["mary"]), ("LDAP/*", []),
    ("t*o*m", ["tom"]), ("tommy*y", []), ("nobody", []), ("**tom**", ["tom", "tommy"]), ("example", []), ("%", []), ("t?m", []),
])
def test_lists_follow_the_star(world: World, soap: Soap, wanted: str, found: list[str]) -> None:
    for name in ("tom", "tommy", "thomas", "mary"):
        world.add(name, mail=f"{name}@example.com")
    assert soap.store("listUsers", filter=wanted, maxItemLimit=-1).returned == found


def test_lists_have_an_end(world: World, soap: Soap) -> None:
    for name in ("tom", "tommy", "thomas"):
        world.add(name, None, mail="")
    assert soap.store("listUsers", filter="t*", maxItemLimit=2).returned == ["thomas", "tom"]
    assert len(soap.store("listUsers", filter="*" * 500 + "t" * 50 + "*", maxItemLimit=2).returned) == 0


# --- passwords ---------------------------------------------------------------------------------------------------------


def test_authenticate_says_yes_or_no_and_is_on_record(world: World, soap: Soap) -> None:
    world.add("tom")
    assert soap.store("authenticate", userName="tom", credential=PASSWORD).returned == ["true"]
    assert soap.store("authenticate", userName="tom", credential="wrong").returned == ["false"]
    assert soap.store("authenticate", userName="nobody", credential="wrong").returned == ["false"]
    rows = AuditEntry.objects.within(world.tenant).filter(target__in=("tom", "nobody"), event__startswith="sign-in").order_by("id")
    assert [row.outcome for row in rows] == ["done", "refused", "refused"]


def test_authenticate_never_takes_a_one_time_code(world: World, soap: Soap) -> None:
    """A-035"""
    world.add("tom")
    world.set(**{RESET_LINK: False, RESET_OFFLINE: True})
    assert soap.profile("tom", identity__adminForcedPasswordReset="true").done
    assert soap.store("authenticate", userName="tom", credential=world.otp("tom")).returned == ["false"]
    assert Soap("tom", world.otp("tom")).call("UserProfileMgtService", "getUserProfile", username="tom").status == 401


def test_guessing_through_authenticate_is_slowed_down_like_any_sign_in(world: World, soap: Soap) -> None:
    """A-040"""
    world.add("tom")
    for _ in range(5):
        assert soap.store("authenticate", userName="tom", credential="wrong").returned == ["false"]
    answer = soap.store("authenticate", userName="tom", credential=PASSWORD)
    assert (answer.status, answer.code, int(answer.headers["Retry-After"]) >= 1) == (500, "HK-429", True)


def test_people_change_their_own_password_with_the_old_one_and_no_session_is_left(world: World, sam: Soap) -> None:
    assert sam.store("updateCredential", userName="sam", newCredential=OTHER_PASSWORD, oldCredential="wrong").blames == "Client"
    assert sam.store("updateCredential", userName="sam", newCredential=OTHER_PASSWORD, oldCredential=PASSWORD).done
    assert not my_sessions(world.house, world.acting_as("sam"), world.now)
    assert world.sign_in("sam", OTHER_PASSWORD)


def test_an_administrator_needs_the_old_one_too_unless_it_is_by_admin(world: World, soap: Soap) -> None:
    world.add("tom")
    answer = soap.store("updateCredential", userName="tom", newCredential=OTHER_PASSWORD, oldCredential="wrong")
    assert answer.sentence == "Old credential does not match with the existing credentials."
    assert soap.store("updateCredential", userName="tom", newCredential=OTHER_PASSWORD, oldCredential=PASSWORD).done
    assert world.sign_in("tom", OTHER_PASSWORD)
    assert soap.store("updateCredentialByAdmin", userName="tom", newCredential=PASSWORD).done
    assert world.sign_in("tom")
    assert soap.store("updateCredentialByAdmin", userName="tom", newCredential="short").code == "20035"


def test_a_password_set_by_an_administrator_kills_the_link(world: World, soap: Soap) -> None:
    """A-012"""
    world.invite("tom", "tom@example.com")
    code = world.newest_code("tom@example.com")
    assert soap.store("updateCredentialByAdmin", userName="tom", newCredential=PASSWORD).done
    with pytest.raises(DeadCode):
        world.redeem(code, OTHER_PASSWORD)
    assert world.sign_in("tom")


def test_an_administrator_changes_the_own_password_only_with_the_old_one(world: World, soap: Soap) -> None:
    assert "updateCredential" in soap.store("updateCredentialByAdmin", userName="admin", newCredential=OTHER_PASSWORD).sentence
    assert world.sign_in("admin", "admin")


# --- claims and roles --------------------------------------------------------------------------------------------------


def test_claims_are_set_and_read_one_or_many_at_a_time(world: World, soap: Soap) -> None:
    added(soap)
    assert soap.store("setUserClaimValue", userName="tom", claimURI=f"{CLAIM}lastname", claimValue="Weber", profileName="default").done
    values = [{"claimURI": f"{CLAIM}givenname", "value": "Tom"}, {"claimURI": f"{CLAIM}mobile", "value": "+4915112345678"}]
    assert soap.store("setUserClaimValues", userName="tom", claims=values, profileName="default").done
    wanted = [f"{CLAIM}lastname", f"{CLAIM}nickname", f"{CLAIM}mobile"]
    answer = soap.store("getUserClaimValuesForClaims", userName="tom", claims=wanted, profileName="default")
    assert answer.texts("claimURI") == [wanted[0], wanted[2]]
    assert answer.texts("value") == ["Weber", "+4915112345678"]
    shown = soap.store("getUserClaimValues", userName="tom", profileName="default")
    assert dict(zip(shown.texts("displayTag"), shown.texts("value"), strict=True)) == {
        "First Name": "Tom", "Last Name": "Weber", "Email": "tom@example.com", "Mobile": "+4915112345678"}
    assert "urn:x" in soap.store("getUserClaimValue", userName="tom", claim="urn:x").sentence


def test_a_forced_reset_and_a_lock_by_claim_value(world: World, soap: Soap) -> None:
    added(soap)
    assert soap.store("setUserClaimValues", userName="tom", claims=[{"claimURI": f"{IDENTITY}accountLocked", "value": "true"}]).done
    assert soap.claim("tom", f"{IDENTITY}lockedReason") == "ADMIN_INITIATED"
    assert soap.store("setUserClaimValue", userName="tom", claimURI=f"{IDENTITY}adminForcedPasswordReset", claimValue="true").done
    assert soap.claim("tom", f"{IDENTITY}accountState") == "PENDING_FUPR"
    assert len(world.mails()) == 1


def test_roles_are_given_and_taken_together_or_not_at_all(world: World, soap: Soap) -> None:
    added(soap)
    assert soap.store("updateRoleListOfUser", userName="tom", newRoles=[HELP_DESK, "admin"]).done
    refused = soap.store("updateRoleListOfUser", userName="tom", newRoles=["no such role"], deletedRoles=[HELP_DESK])
    assert "no such role" in refused.sentence
    assert soap.store("getRoleListOfUser", userName="tom").returned == [EVERYONE, HELP_DESK, "admin"]
    assert soap.store("updateRoleListOfUser", userName="tom", deletedRoles=[HELP_DESK, EVERYONE]).done
    assert soap.store("getRoleListOfUser", userName="tom").returned == [EVERYONE, "admin"]


def test_the_last_administrator_stays(world: World, soap: Soap) -> None:
    """A-145"""
    assert "last administrator" in soap.store("updateRoleListOfUser", userName="admin", deletedRoles=["admin"]).sentence
    assert "cannot delete your own" in soap.store("deleteUser", userName="admin").sentence


def test_nobody_touches_who_may_do_more(world: World, soap: Soap) -> None:
    """A-135"""
    roles.add(world.by, "clerks", ["internal_login", "internal_user_mgt_view", "internal_user_mgt_list", "internal_user_mgt_update",
                                   "internal_user_mgt_delete"], world.now)
    world.add("clerk", role="clerks")
    world.add("boss", role="admin")
    clerk = Soap("clerk", PASSWORD)
    for answer in (clerk.profile("boss", emailaddress="x@example.com"), clerk.store("deleteUser", userName="boss"),
                   clerk.store("updateCredentialByAdmin", userName="boss", newCredential=OTHER_PASSWORD),
                   clerk.store("updateRoleListOfUser", userName="clerk", newRoles=["admin"]),
                   clerk.profile("boss", identity__adminForcedPasswordReset="true")):
        assert answer.sentence == "You are not authorized to perform this action."
    boss = users.by_name(world.by, "boss")
    assert boss.standing.state == "UNLOCKED"
    assert users.change(world.house, world.by, boss.id, Changes(disabled=True), world.now).standing.disabled


def test_another_domain_that_does_not_exist_is_told(world: World, soap: Soap) -> None:
    answer = soap.store("addUser", userName="LDAP/tom", credential=PASSWORD, claims=[MAIL])
    assert (answer.blames, "LDAP" in answer.sentence) == ("Client", True)
    assert users.find(world.by, str(split_username("LDAP/tom"))) is None
