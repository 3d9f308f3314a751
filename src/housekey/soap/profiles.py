"""UserProfileMgtService (reference 5.1): profiles as lists of claims; a forced reset is one of them."""

from __future__ import annotations

from typing import Any, NoReturn

from housekey.core.errors import FeatureOff, Invalid
from housekey.operations.claims import ClaimView, supported
from housekey.soap import people
from housekey.soap.schema import Call, Complex, Operation, Part, Service, Values, returns, strings

NAMESPACE = "http://mgt.profile.user.identity.carbon.wso2.org"
_XSD = f"{NAMESPACE}/xsd"

FIELD = Complex("UserFieldDTO", _XSD, (
    Part("checkedAttribute", "boolean"), Part("claimUri"), Part("displayName"), Part("displayOrder", "int"), Part("fieldValue"),
    Part("readOnly", "boolean"), Part("regEx"), Part("required", "boolean"),
))
PROFILE = Complex("UserProfileDTO", _XSD, (
    Part("fieldValues", FIELD, many=True), Part("profileConfigurations", many=True), Part("profileConifuration"), Part("profileName"),
))
ASSOCIATED = Complex("AssociatedAccountDTO", _XSD, strings("id", "identityProviderName", "username"))


def set_user_profile(call: Call, values: Values) -> None:
    """Claims that are not sent stay as they are."""
    name, profile = people.local(call, values["username"]), values["profile"]
    if profile is None:
        raise Invalid("profile is missing. Send the fields to change.", field="profile")
    people.check_profile_name(profile)
    people.change(call, name, people.collected([(field["claimUri"], field["fieldValue"]) for field in profile["fieldValues"]]))


def get_user_profile(call: Call, values: Values) -> Values:
    user = people.user(call, values["username"])
    people.check_profile_name(values)
    return _profile([_field(claim, people.value(call, user, claim.uri)) for claim in supported(call.by.tenant)])


def get_user_profiles(call: Call, values: Values) -> list[Values]:
    return [get_user_profile(call, values)]


def delete_user_profile(call: Call, values: Values) -> NoReturn:
    people.user(call, values["username"])
    people.check_profile_name(values)
    raise Invalid("Cannot delete default profile.", field="profileName")


def get_profile_fields(call: Call, values: Values) -> Values:  # noqa: ARG001 - the signature of all operations
    """What a profile consists of, without values."""
    return _profile([_field(claim, None) for claim in supported(call.by.tenant)])


def _field(claim: ClaimView, value: str | None) -> Values:
    return {
        "checkedAttribute": False, "claimUri": claim.uri, "displayName": claim.display_name, "displayOrder": claim.display_order,
        "fieldValue": value, "readOnly": claim.read_only, "regEx": claim.regex or None, "required": claim.required,
    }


def _profile(fields: list[Values]) -> Values:
    return {"fieldValues": fields, "profileConfigurations": [people.PROFILE], "profileConifuration": people.PROFILE,
            "profileName": people.PROFILE}


# --- what this product has none of, said so ------------------------------------------------------------------------------


def _always(answer: Any) -> Any:
    return lambda _call, _values: answer


def _nobody_associated(call: Call, values: Values) -> list[Values]:
    if values.get("username"):
        people.user(call, values["username"])
    return []


def _no_association(call: Call, values: Values) -> NoReturn:
    if "username" in values:
        people.user(call, values["username"])
    raise FeatureOff("Accounts of other identity providers cannot be associated here.", setting="associations")


_PAIR = strings("idpID", "associatedID")
_PAIR_OF_USER = strings("username", "idpID", "associatedID")

SERVICE = Service("UserProfileMgtService", NAMESPACE, Complex("UserProfileException", _XSD, ()), (
    Operation("setUserProfile", (Part("username"), Part("profile", PROFILE)), None, set_user_profile),
    Operation("getUserProfile", strings("username", "profileName"), returns(PROFILE), get_user_profile),
    Operation("getUserProfiles", strings("username"), returns(PROFILE, many=True), get_user_profiles),
    Operation("deleteUserProfile", strings("username", "profileName"), None, delete_user_profile),
    Operation("getProfileFieldsForInternalStore", (), returns(PROFILE), get_profile_fields),
    Operation("isReadOnlyUserStore", (), returns("boolean"), _always(False)),
    Operation("isAddProfileEnabled", (), returns("boolean"), _always(True)),
    Operation("isAddProfileEnabledForDomain", strings("domain"), returns("boolean"), _always(False)),
    Operation("associateID", _PAIR, None, _no_association),
    Operation("associateIDForUser", _PAIR_OF_USER, None, _no_association),
    Operation("getNameAssociatedWith", _PAIR, returns(), _always(None)),
    Operation("getAssociatedIDs", (), returns(ASSOCIATED, many=True), _nobody_associated),
    Operation("getAssociatedIDsForUser", strings("username"), returns(ASSOCIATED, many=True), _nobody_associated),
    Operation("removeAssociateID", _PAIR, None, _no_association),
    Operation("removeAssociateIDForUser", _PAIR_OF_USER, None, _no_association),
))
