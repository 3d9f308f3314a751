"""Every attribute of every SCIM resource, once: User, Group, Role, their extensions, and what all have (RFC 7643 sections 3.1, 4, 8.7).

Filters, sorting, projection, the mutability rules of PATCH and PUT, and /Schemas all read this table.
"""

from __future__ import annotations

from housekey.core.characteristics import Attribute as Attribute
from housekey.core.characteristics import Reference as Reference
from housekey.core.characteristics import ResourceType as ResourceType
from housekey.core.characteristics import Schema as Schema
from housekey.core.characteristics import resolve as resolve
from housekey.core.characteristics import split_urn as split_urn
from housekey.core.principal import GRANTABLE

USER_URN = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_URN = "urn:ietf:params:scim:schemas:core:2.0:Group"
ROLE_URN = "urn:ietf:params:scim:schemas:extension:2.0:Role"
"""WSO2's URN of roles (reference 4B.4)."""
ENTERPRISE_URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
WSO2_URN = "urn:scim:wso2:schema"
CUSTOM_URN = "urn:scim:schemas:extension:custom:User"
HOUSEKEY_URN = "urn:housekey:scim:schemas:extension:2.0:User"

_ID = Attribute(
    "id", description="The resource's name for machines; never used again for another one.", case_exact=True, mutability="readOnly",
    returned="always", uniqueness="server",
)
_EXTERNAL_ID = Attribute("externalId", description="The client's own name for the resource.", case_exact=True)
_SCHEMAS = Attribute(
    "schemas", "reference", "The URNs of the schemas whose attributes the resource has.", multi_valued=True, case_exact=True,
    returned="always", reference_types=("uri",), filterable=False,
)
_META = Attribute(
    "meta", "complex", "What the server keeps about the resource itself.", mutability="readOnly",
    sub_attributes=(
        Attribute("resourceType", description="The kind of resource.", case_exact=True, mutability="readOnly"),
        Attribute("created", "dateTime", "When it was made.", mutability="readOnly"),
        Attribute("lastModified", "dateTime", "When it was last changed.", mutability="readOnly"),
        Attribute("location", "reference", "Where it is.", case_exact=True, mutability="readOnly", reference_types=("uri",),
                  filterable=False),
        Attribute("version", description="Its entity tag.", case_exact=True, mutability="readOnly", filterable=False),
    ),
)
COMMON = (_ID, _EXTERNAL_ID, _META, _SCHEMAS)


def _rows(name: str, what: str, *kinds: str, value: Attribute | None = None) -> Attribute:
    """A multi-valued attribute with the sub-attributes of RFC 7643 section 2.4."""
    return Attribute(
        name, "complex", f"{what[0].upper()}{what[1:]} of the user.", multi_valued=True,
        sub_attributes=(
            value or Attribute("value", description=f"One of the {what}."),
            Attribute("display", description="A form for people to read."),
            Attribute("type", description="What it is for.", canonical_values=kinds),
            Attribute("primary", "boolean", "Whether it is the one to use first; at most one is."),
        ),
    )


_NAME = Attribute(
    "name", "complex", "The parts of the person's name.",
    sub_attributes=(
        Attribute("formatted", description="The whole name as it is to be shown."),
        Attribute("familyName", description="The family name."),
        Attribute("givenName", description="The given name."),
        Attribute("middleName", description="The middle names."),
        Attribute("honorificPrefix", description="What stands before the name, such as a title."),
        Attribute("honorificSuffix", description="What stands after the name."),
    ),
)
_ADDRESSES = Attribute(
    "addresses", "complex", "Postal addresses of the user.", multi_valued=True,
    sub_attributes=(
        Attribute("formatted", description="The whole address as it is to be shown."),
        Attribute("streetAddress", description="Street and number."),
        Attribute("locality", description="City."),
        Attribute("region", description="State or region."),
        Attribute("postalCode", description="Postal code."),
        Attribute("country", description="Country, by its ISO 3166-1 alpha-2 code."),
        Attribute("type", description="What it is for.", canonical_values=("work", "home", "other")),
        Attribute("primary", "boolean", "Whether it is the one to use first; at most one is."),
    ),
)
_GROUPS = Attribute(
    "groups", "complex", "The groups the user is in. Changed at the groups, not here.", multi_valued=True, mutability="readOnly",
    sub_attributes=(
        Attribute("value", description="The id of the group.", case_exact=True, mutability="readOnly"),
        Attribute("$ref", "reference", "Where the group is.", case_exact=True, mutability="readOnly", reference_types=("Group",),
                  filterable=False),
        Attribute("display", description="The name of the group.", mutability="readOnly"),
        Attribute("type", description="Whether the membership is of the user herself.", mutability="readOnly",
                  canonical_values=("direct", "indirect"), filterable=False),
    ),
)
_ROLES = Attribute(
    "roles", "complex", "The roles the user has. Changed at the roles, not here.", multi_valued=True, mutability="readOnly",
    sub_attributes=(
        Attribute("value", description="The role.", mutability="readOnly"),
        Attribute("display", description="The name of the role.", mutability="readOnly"),
        Attribute("type", description="Unused.", mutability="readOnly", filterable=False),
        Attribute("primary", "boolean", "Unused.", mutability="readOnly", filterable=False),
    ),
)

USER = Schema(
    USER_URN,
    "User",
    (
        Attribute("userName", description="The name the user signs in with. It stays what it was when the user was created.", required=True,
                  mutability="immutable", uniqueness="server"),
        _NAME,
        Attribute("displayName", description="The name to be shown."),
        Attribute("nickName", description="What the person is called among friends."),
        Attribute("profileUrl", "reference", "A page about the person.", case_exact=True, reference_types=("external",)),
        Attribute("title", description="The person's position, such as Vice President."),
        Attribute("userType", description="The relation between organisation and user, such as Employee or Contractor."),
        Attribute("preferredLanguage", description="The language the person prefers, as in Accept-Language."),
        Attribute("locale", description="Where the person is, for dates, numbers and the language of messages.",
                  canonical_values=("en", "de")),
        Attribute("timezone", description="The person's time zone, by its name in the tz database."),
        Attribute("active", "boolean", "False while the account is disabled."),
        Attribute("password", description="The password. Written, never read.", case_exact=True, mutability="writeOnly", returned="never",
                  secret=True),
        _rows("emails", "e-mail addresses", "work", "home", "other"),
        _rows("phoneNumbers", "telephone numbers", "work", "home", "mobile", "fax", "pager", "other"),
        _rows("ims", "addresses for instant messages"),
        _rows("photos", "pictures", "photo", "thumbnail",
              value=Attribute("value", "reference", "Where the picture is.", case_exact=True, reference_types=("external",))),
        _ADDRESSES,
        _GROUPS,
        _rows("entitlements", "things the user is entitled to"),
        _ROLES,
        _rows("x509Certificates", "certificates", value=Attribute("value", "binary", "The certificate, in Base64.", case_exact=True)),
    ),
    "A person who signs in.",
)

ENTERPRISE = Schema(
    ENTERPRISE_URN,
    "EnterpriseUser",
    (
        Attribute("employeeNumber", description="The number the organisation gives the person."),
        Attribute("costCenter", description="The cost centre."),
        Attribute("organization", description="The organisation."),
        Attribute("division", description="The division."),
        Attribute("department", description="The department."),
        Attribute(
            "manager", "complex", "The person's manager.",
            sub_attributes=(
                Attribute("value", description="The id of the manager's user."),
                Attribute("$ref", "reference", "Where the manager's user is.", case_exact=True, mutability="readOnly",
                          reference_types=("User",), filterable=False),
                Attribute("displayName", description="The name of the manager.", mutability="readOnly", filterable=False),
            ),
        ),
    ),
    "What an employer keeps about a user.",
)


def _trigger(name: str, description: str) -> Attribute:
    return Attribute(name, "boolean", description, mutability="writeOnly", returned="never", trigger=True, filterable=False)


WSO2 = Schema(
    WSO2_URN,
    "WSO2User",
    (
        Attribute("accountState", description="What is pending, or DISABLED, LOCKED, UNLOCKED.", mutability="readOnly"),
        Attribute("accountLocked", "boolean", "Whether the account is locked. Written, it is the administrator's own lock."),
        Attribute("lockedReason", description="Why the account is locked.", mutability="readOnly"),
        Attribute("accountDisabled", "boolean", "The opposite of active, which is shown.", mutability="writeOnly", returned="never",
                  trigger=True),
        Attribute("emailVerified", "boolean", "Whether the address proved to be the user's.", mutability="readOnly"),
        Attribute("phoneVerified", "boolean", "Whether the number proved to be the user's.", mutability="readOnly"),
        Attribute("oneTimePassword", description="The offline code that is to be handed over.", case_exact=True, mutability="readOnly",
                  returned="request", secret=True),
        _trigger("askPassword", "Invite the user to choose the first password."),
        _trigger("verifyEmail", "Ask the user to confirm the address."),
        _trigger("forcePasswordReset", "Demand a new password of the user."),
        _trigger("adminForcedPasswordReset", "The older name of forcePasswordReset."),
    ),
    "Where the account stands.",
)
CUSTOM = Schema(CUSTOM_URN, "CustomUser", (), "Attributes that the administrator adds.")
HOUSEKEY = Schema(
    HOUSEKEY_URN,
    "HousekeyUser",
    (
        Attribute("preferredChannel", description="The channel by which the user is better invited and asked for a new password.",
                  canonical_values=("EMAIL", "SMS")),
        Attribute(
            "invitation", "complex", "The newest invitation or reset of the user.", mutability="readOnly", returned="request",
            filterable=False,
            sub_attributes=(
                Attribute("state", description="Where it stands.", mutability="readOnly"),
                Attribute("method", description="How it went out.", mutability="readOnly"),
                Attribute("sent", "dateTime", "When the message went out.", mutability="readOnly"),
                Attribute("opened", "dateTime", "When the link was first opened.", mutability="readOnly"),
                Attribute("expires", "dateTime", "Until when it can be used.", mutability="readOnly"),
                Attribute("error", description="What the last try to send it met with.", mutability="readOnly"),
            ),
        ),
    ),
    "How a user is reached, and what became of the invitation.",
)

GROUP = Schema(
    GROUP_URN,
    "Group",
    (
        Attribute("displayName", description="The name of the group, unique in its domain.", required=True, uniqueness="server"),
        Attribute(
            "members", "complex", "The users in the group.", multi_valued=True,
            sub_attributes=(
                Attribute("value", description="The id of the user.", case_exact=True, mutability="immutable"),
                Attribute("$ref", "reference", "Where the user is.", case_exact=True, mutability="immutable", reference_types=("User",),
                          filterable=False),
                Attribute("display", description="The name of the user.", mutability="readOnly", returned="request"),
                Attribute("type", description="Always User.", mutability="immutable", canonical_values=("User",), filterable=False),
            ),
        ),
    ),
    "A set of users.",
)
ROLE = Schema(
    ROLE_URN,
    "Role",
    (
        Attribute("displayName", description="The name of the role.", required=True, uniqueness="server"),
        Attribute(
            "permissions", "complex", "What the role allows.", multi_valued=True,
            sub_attributes=(
                Attribute("value", description="The permission.", case_exact=True,
                          canonical_values=tuple(sorted(GRANTABLE))),
            ),
        ),
        Attribute(
            "users", "complex", "Who has the role.", multi_valued=True,
            sub_attributes=(
                Attribute("value", description="The id of the user.", case_exact=True, mutability="immutable"),
                Attribute("$ref", "reference", "Where the user is.", case_exact=True, mutability="immutable", reference_types=("User",),
                          filterable=False),
                Attribute("display", description="The name of the user.", mutability="readOnly", returned="request"),
            ),
        ),
    ),
    "A set of permissions and who holds them.",
)

SCHEMAS: dict[str, Schema] = {schema.urn: schema for schema in (USER, ENTERPRISE, WSO2, CUSTOM, HOUSEKEY, GROUP, ROLE)}

USERS = ResourceType("User", "/Users", USER, (ENTERPRISE, WSO2, CUSTOM, HOUSEKEY), COMMON)
GROUPS = ResourceType("Group", "/Groups", GROUP, (), COMMON)
ROLES = ResourceType("Role", "/v2/Roles", ROLE, (), COMMON)
