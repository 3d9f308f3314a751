"""UserProfileMgtService: the printed request, profiles read and written, and who may write what."""

from __future__ import annotations

import textwrap

import pytest

from housekey.core.claims import CLAIMS, ONE_TIME_PASSWORD
from housekey.core.errors import WrongCredentials
from housekey.core.principal import HELP_DESK
from housekey.core.properties import RESET_EMAIL_OTP, RESET_LINK, RESET_OFFLINE
from housekey.core.users import Changes
from housekey.operations import claims, users
from housekey.store.models import Account
from tests.doors.soap.support import CLAIM, IDENTITY, PRINTED, PROFILES, Soap, written
from tests.operations.support import PASSWORD, World, counts, text_of

NOT_AUTHORIZED = "You are not authorized to perform this action."
REFUSED = r"Login failed! Please recheck the username and password and try again\."


def state(world: World, name: str = "tom") -> tuple[str, bool, str]:
    standing = users.by_name(world.by, name).standing
    return standing.state, standing.locked, standing.locked_reason


@pytest.mark.parametrize("indent", ["", "        "])
def test_the_printed_request_locks_tom_and_mails_him(world: World, soap: Soap, indent: str) -> None:
    world.add("tom", mail="tom@example.com")
    assert world.sign_in("tom")
    answer = soap.send(textwrap.indent(PRINTED.read_text(encoding="utf-8"), indent))
    assert answer.done
    assert "Content-Type" not in answer.headers
    assert state(world) == ("PENDING_FUPR", True, "PENDING_ADMIN_FORCED_USER_PASSWORD_RESET")
    with pytest.raises(WrongCredentials, match=REFUSED):
        world.sign_in("tom")
    mail, = world.mails()
    assert (mail["To"], "confirmation=" in text_of(mail)) == ("tom@example.com", True)
    world.redeem(world.newest_code("tom@example.com"), "seven purple umbrellas tonight")
    assert world.sign_in("tom", "seven purple umbrellas tonight")


def test_with_otp_the_printed_request_mails_a_code_that_opens_the_form_at_sign_in(world: World, soap: Soap) -> None:
    world.add("tom", mail="tom@example.com")
    world.set(**{RESET_LINK: False, RESET_EMAIL_OTP: True})
    assert soap.send(PRINTED.read_bytes()).done
    assert world.otp("tom") in text_of(world.mails()[-1])
    assert world.opened("tom", world.otp("tom"))


def test_offline_the_code_stands_in_the_profile_once_its_claim_is_supported_by_default(world: World, soap: Soap) -> None:
    world.add("tom", mail="tom@example.com")
    world.set(**{RESET_LINK: False, RESET_OFFLINE: True})
    claims.update(world.by, ONE_TIME_PASSWORD, supported_by_default=True, now=world.now)
    assert soap.read("tom")["One Time Password"] == ""
    assert soap.send(PRINTED.read_bytes()).done
    assert soap.read("tom")["One Time Password"] == soap.claim("tom", ONE_TIME_PASSWORD) == world.otp("tom")
    assert not world.mails()
    claims.update(world.by, ONE_TIME_PASSWORD, supported_by_default=False, now=world.now)
    assert "One Time Password" not in soap.read("tom")
    assert soap.claim("tom", ONE_TIME_PASSWORD) == ""


def test_the_offline_code_is_only_for_those_who_may_hand_it_over(world: World, soap: Soap) -> None:
    world.add("tom", mail="tom@example.com")
    world.add("desk", mail="desk@example.com", role=HELP_DESK)
    world.set(**{RESET_LINK: False, RESET_OFFLINE: True})
    claims.update(world.by, ONE_TIME_PASSWORD, supported_by_default=True, now=world.now)
    assert soap.send(PRINTED.read_bytes()).done
    desk = Soap("desk", PASSWORD)
    assert desk.read("tom")["One Time Password"] == ""
    assert desk.read("admin")["One Time Password"] == ""


def test_with_no_method_on_the_fault_names_the_setting_and_nothing_is_locked(world: World, soap: Soap) -> None:
    world.add("tom", mail="tom@example.com")
    world.set(**{RESET_LINK: False})
    before = counts()
    answer = soap.send(PRINTED.read_bytes())
    assert (answer.status, answer.blames, answer.code) == (500, "Client", "HK-410")
    assert counts() == before
    assert state(world) == ("UNLOCKED", False, "")


def test_a_reset_goes_together_with_the_other_claims_of_the_request_and_a_lock_in_it_means_nothing(world: World, soap: Soap) -> None:
    world.add("tom", mail="tom@example.com")
    assert soap.profile("tom", identity__adminForcedPasswordReset="TRUE", identity__accountLocked="false", lastname="Weber").done
    assert users.by_name(world.by, "tom").profile.family_name == "Weber"
    assert state(world) == ("PENDING_FUPR", True, "PENDING_ADMIN_FORCED_USER_PASSWORD_RESET")


def test_a_reset_without_an_address_changes_nothing_at_all(world: World, soap: Soap) -> None:
    world.add("tom", mail="")
    answer = soap.profile("tom", identity__adminForcedPasswordReset="true", lastname="Weber")
    assert (answer.status, answer.blames) == (500, "Client")
    assert users.by_name(world.by, "tom").profile.family_name == ""
    assert state(world) == ("UNLOCKED", False, "")


def test_false_is_no_instruction(world: World, soap: Soap) -> None:
    tom = world.add("tom", mail="tom@example.com")
    assert soap.profile("tom", identity__adminForcedPasswordReset="false", identity__askPassword="false", identity__verifyEmail="").done
    assert users.by_name(world.by, "tom").version == tom.version


def test_claims_that_are_not_sent_stay_and_an_empty_one_is_taken_away(world: World, soap: Soap) -> None:
    world.add("tom", mail="tom@example.com")
    assert soap.profile("tom", givenname="Tom", lastname="Smith", mobile="+4915112345678", locale="de-DE").done
    assert soap.profile("tom", lastname="Weber", mobile="").done
    profile = users.by_name(world.by, "tom").profile
    assert (profile.given_name, profile.family_name, profile.mail, profile.mobile, profile.locale) == (
        "Tom", "Weber", "tom@example.com", "", "de-DE")


def test_a_profile_is_shown_in_order_and_can_be_sent_back_as_it_was_read(world: World, soap: Soap) -> None:
    tom = world.add("tom", mail="tom@example.com")
    assert soap.profile("tom", lastname="Weber").done
    answer = soap.call(PROFILES, "getUserProfile", username="TOM", profileName="default")
    orders = [int(text) for text in answer.texts("displayOrder")]
    assert orders == sorted(orders)
    assert dict(zip(answer.texts("displayName"), answer.texts("fieldValue"), strict=True))["Last Name"] == "Weber"
    assert (answer.texts("profileName"), answer.texts("profileConifuration")) == (["default"], ["default"])
    fields = [{"claimUri": uri, "fieldValue": value} for uri, value in
              zip(answer.texts("claimUri"), answer.texts("fieldValue"), strict=True)]
    before = users.by_name(world.by, "tom")
    assert soap.call(PROFILES, "setUserProfile", username="tom", profile={"fieldValues": fields}).done
    assert users.by_name(world.by, "tom") == before
    assert before.version == tom.version + 1


def test_a_profile_with_every_claim_in_it_can_be_sent_back_too(world: World, soap: Soap) -> None:
    world.add("tom", mail="tom@example.com")
    for claim in CLAIMS:
        claims.update(world.by, claim.uri, supported_by_default=True, now=world.now)
    answer = soap.call(PROFILES, "getUserProfile", username="tom")
    pairs = zip(answer.texts("claimUri"), answer.texts("fieldValue"), strict=True)
    before = users.by_name(world.by, "tom")
    fields = [{"claimUri": uri, "fieldValue": value} for uri, value in pairs]
    answer = soap.call(PROFILES, "setUserProfile", username="tom", profile={"fieldValues": fields})
    assert answer.done, answer.sentence
    assert users.by_name(world.by, "tom").standing == before.standing


def test_the_administrator_locks_unlocks_disables_and_invites(world: World, soap: Soap) -> None:
    world.add("tom", None, mail="tom@example.com")
    assert soap.profile("tom", identity__accountLocked="true").done
    assert state(world) == ("LOCKED", True, "ADMIN_INITIATED")
    assert soap.profile("tom", identity__accountLocked="false", identity__accountDisabled="true").done
    assert state(world) == ("DISABLED", False, "")
    assert soap.profile("tom", identity__accountDisabled="false", identity__askPassword="true").done
    assert state(world) == ("PENDING_AP", True, "PENDING_ASK_PASSWORD")
    assert soap.profile("tom", identity__accountLocked="false", identity__askPassword="true").done
    assert state(world) == ("PENDING_AP", True, "PENDING_ASK_PASSWORD")


@pytest.mark.parametrize("claim", ["identity__accountState", "identity__lockedReason", "identity__emailVerified", "identity__unlockTime",
                                   "username", "role", "identity__nonsense", "identity__verifyEmail"])
def test_what_cannot_be_written_is_refused_by_name(world: World, soap: Soap, claim: str) -> None:
    """A-132"""
    tom = world.add("tom", mail="tom@example.com")
    answer = soap.profile("tom", lastname="Weber", **{claim: "true"})
    assert (answer.status, answer.blames) == (500, "Client")
    assert claim.replace("__", "/") in answer.sentence
    assert users.by_name(world.by, "tom") == tom


@pytest.mark.parametrize("value", ["yes", "1", "truefalse"])
def test_a_switch_is_true_or_false(world: World, soap: Soap, value: str) -> None:
    world.add("tom", mail="tom@example.com")
    assert "accountLocked must be true or false" in soap.profile("tom", identity__accountLocked=value).sentence


def test_two_values_for_one_claim_are_refused(world: World, soap: Soap) -> None:
    """A-083"""
    world.add("tom", mail="tom@example.com")
    fields = [{"claimUri": f"{CLAIM}lastname", "fieldValue": value} for value in ("Weber", "Smith")]
    assert "given twice" in soap.call(PROFILES, "setUserProfile", username="tom", profile={"fieldValues": fields}).sentence


def test_a_one_time_password_sent_by_a_client_is_passed_over(world: World, soap: Soap) -> None:
    tom = world.add("tom", mail="tom@example.com")
    assert soap.profile("tom", oneTimePassword="AAAAAA").done
    assert users.by_name(world.by, "tom") == tom


# --- who may -----------------------------------------------------------------------------------------------------------


def test_people_read_and_write_names_language_and_phone_of_their_own_profile(world: World, sam: Soap) -> None:
    assert sam.profile("sam", givenname="Sam", locale="de-DE", mobile="+4915112345678").done
    assert sam.profile("PRIMARY/SAM", lastname="Weber").done
    shown = sam.read("sam")
    assert (shown["First Name"], shown["Last Name"], shown["Locale"], shown["Email"]) == ("Sam", "Weber", "de-DE", "sam@example.com")


@pytest.mark.parametrize("claim", [claim.uri for claim in CLAIMS if claim.identity and claim.uri != ONE_TIME_PASSWORD])
@pytest.mark.parametrize("value", ["true", "false"])
def test_nobody_writes_identity_claims_about_themselves(world: World, sam: Soap, claim: str, value: str) -> None:
    """A-132, A-133; only what is so already may be sent back"""
    before = users.by_name(world.by, "sam")
    answer = sam.profile("sam", lastname="Weber", **{claim.removeprefix(CLAIM).replace("/", "__"): value})
    assert answer.done or answer.sentence == NOT_AUTHORIZED
    after = users.by_name(world.by, "sam")
    assert (after.standing, after.email_verified, after.phone_verified) == (before.standing, before.email_verified, before.phone_verified)
    assert not world.mails()
    if value == "true":
        assert answer.sentence == NOT_AUTHORIZED


def test_not_even_an_administrator_does(world: World, soap: Soap) -> None:
    assert soap.profile("admin", identity__adminForcedPasswordReset="true").sentence == NOT_AUTHORIZED
    assert state(world, "admin")[0] == "UNLOCKED"


def test_people_do_not_move_the_address_that_codes_are_sent_to(world: World, sam: Soap) -> None:
    """A-133"""
    for claims_sent in ({"emailaddress": "thief@example.com"}, {"organization": "Other"}, {"externalid": "7"}):
        assert sam.profile("sam", lastname="Weber", **claims_sent).sentence == NOT_AUTHORIZED
    profile = users.by_name(world.by, "sam").profile
    assert (profile.mail, profile.family_name) == ("sam@example.com", "")


def test_a_new_number_of_ones_own_counts_as_unproved(world: World, sam: Soap) -> None:
    """A-133"""
    assert sam.profile("sam", mobile="+4915112345678").done
    Account.objects.within(world.tenant).filter(id=users.by_name(world.by, "sam").id).update(phone_verified=True)
    assert sam.profile("sam", mobile="+4915112345679").done
    assert sam.store("getUserClaimValue", userName="sam", claim=f"{IDENTITY}phoneVerified").returned == ["false"]


@pytest.mark.parametrize("name", ["admin", "nobody", "LDAP/admin", "tom@nowhere.example", "admin@carbon.super"])
def test_an_ordinary_user_gets_one_answer_about_anybody_else(world: World, sam: Soap, name: str) -> None:
    """CVE-2024-0391"""
    before = counts()
    for answer in (sam.profile(name, lastname="x"), sam.profile(name, identity__adminForcedPasswordReset="true"),
                   sam.call(PROFILES, "getUserProfile", username=name), sam.store("isExistingUser", userName=name),
                   sam.store("getUserClaimValue", userName=name, claim=f"{CLAIM}emailaddress"), sam.store("listUsers", filter="*"),
                   sam.store("authenticate", userName=name, credential="admin"), sam.store("getRoleListOfUser", userName=name)):
        assert (answer.status, answer.blames, answer.sentence) == (500, "Client", NOT_AUTHORIZED)
    assert counts() == before


def test_the_help_desk_forces_a_reset_and_nothing_else(world: World) -> None:
    """A-135"""
    world.add("tom", mail="tom@example.com")
    world.add("desk", mail="desk@example.com", role=HELP_DESK)
    desk = Soap("desk", PASSWORD)
    for claims_sent in ({"lastname": "x"}, {"identity__accountDisabled": "true"}, {"identity__accountLocked": "true"}):
        assert desk.profile("tom", **claims_sent).sentence == NOT_AUTHORIZED
        assert desk.profile("tom", identity__askPassword="true", **claims_sent).sentence == NOT_AUTHORIZED
    assert desk.profile("admin", identity__adminForcedPasswordReset="true").sentence == NOT_AUTHORIZED
    assert state(world, "admin")[0] == "UNLOCKED"
    assert desk.profile("tom", identity__adminForcedPasswordReset="true", identity__accountLocked="false").done
    assert state(world)[0] == "PENDING_FUPR"


# --- the rest of the service ------------------------------------------------------------------------------------------


def test_there_is_one_profile_for_each_user(world: World, soap: Soap) -> None:
    world.add("tom", mail="tom@example.com")
    assert "There is no profile work" in soap.call(PROFILES, "getUserProfile", username="tom", profileName="work").sentence
    assert len(soap.call(PROFILES, "getUserProfiles", username="tom").texts("profileName")) == 1
    assert soap.call(PROFILES, "deleteUserProfile", username="tom", profileName="default").sentence == "Cannot delete default profile."
    assert "Last Name" in soap.call(PROFILES, "getProfileFieldsForInternalStore").texts("displayName")
    for operation, said in (("isReadOnlyUserStore", "false"), ("isAddProfileEnabled", "true"), ("isAddProfileEnabledForDomain", "false")):
        assert soap.call(PROFILES, operation).returned == [said]


def test_accounts_elsewhere_are_never_associated(world: World, soap: Soap) -> None:
    for operation in ("associateID", "removeAssociateID"):
        assert "cannot be associated" in soap.call(PROFILES, operation, idpID="x", associatedID="y").sentence
    assert soap.call(PROFILES, "getAssociatedIDs").returned == []
    assert soap.call(PROFILES, "getNameAssociatedWith", idpID="x", associatedID="y").returned == [""]
    assert "no user called nobody" in soap.call(PROFILES, "getAssociatedIDsForUser", username="nobody").sentence


def test_an_unknown_user_or_none_is_a_fault(world: World, soap: Soap) -> None:
    assert soap.call(PROFILES, "getUserProfile", username="nobody").code == "HK-404"
    assert "username is missing" in soap.profile("").sentence
    assert "profile is missing" in soap.call(PROFILES, "setUserProfile", username="admin").sentence


def test_somebody_who_changes_a_profile_at_the_same_time_is_not_overwritten(world: World, soap: Soap) -> None:
    tom = world.add("tom", mail="tom@example.com")
    users.change(world.house, world.by, tom.id, Changes(disabled=True), world.now)
    assert soap.profile("tom", lastname="Weber").done
    assert users.by_name(world.by, "tom").standing.disabled


def test_text_of_any_kind_comes_back_as_it_was_sent(world: World, soap: Soap) -> None:
    """A-118"""
    world.add("tom", mail="tom@example.com")
    name = "<b>&amp;\"' ]]> Ωç 😀\t"
    assert soap.profile("tom", lastname=name).done
    assert soap.read("tom")["Last Name"] == name
    assert written({"x": name})
