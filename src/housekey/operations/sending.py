"""Issue a code and tell its owner: the one step behind every invitation, reset, recovery and confirmation."""

from __future__ import annotations

from datetime import datetime

from housekey.conf.house import House
from housekey.core.errors import Invalid, NotPermitted
from housekey.core.messages import NewMessage
from housekey.core.names import Tenant, organization_name
from housekey.core.policy import Policy
from housekey.core.principal import OFFLINE_INVITE, Principal
from housekey.core.properties import INTERNAL, ORGANIZATION, RECOVERY_INTERNAL, SUPPORT
from housekey.core.scenario import EMAIL, SMS, Scenario
from housekey.core.users import Invite, Profile, User
from housekey.delivery import outbox
from housekey.operations import audit, codes, reminders
from housekey.operations.addresses import check_mobile
from housekey.store.models import Code

_PART = {"invitation": "askPassword", "confirmation": "verifyEmail", "reset": "forcePasswordReset", "recovery": "username", "age": ""}


def reachable_at(profile: Profile, scenario: Scenario) -> str:
    """The address or number a message of this scenario would go to; `""` where there is none, or none is needed."""
    return {EMAIL: profile.mail, SMS: profile.mobile}.get(scenario.channel, "")


def must_be_reachable(profile: Profile, scenario: Scenario) -> str:
    """Where the message goes. Raises Invalid, naming what is missing, before anything is stored."""
    found = reachable_at(profile, scenario)
    if scenario.channel == EMAIL and not found:
        raise Invalid(
            f"{_PART[scenario.purpose]} needs an e-mail address to send the message to. Give the user one in emails.", field="emails"
        )
    if scenario.channel == SMS:
        if not found:
            raise Invalid(
                f"{_PART[scenario.purpose]} needs a mobile number to send the message to. Give the user one in phoneNumbers, type mobile.",
                field="phoneNumbers",
            )
        check_mobile(found, "phoneNumbers")
    return found


def is_external(policy: Policy, scenario: Scenario) -> bool:
    """Does another system deliver codes of this scenario (InternallyManage = false)?"""
    return scenario.channel != "" and not policy.on(RECOVERY_INTERNAL if scenario.purpose == "recovery" else INTERNAL)


def must_deliver(by: Principal, policy: Policy, scenario: Scenario) -> None:
    """Where another system delivers, only a caller who may hold codes can start anything. Raises NotPermitted."""
    if is_external(policy, scenario) and not by.may(OFFLINE_INVITE):
        raise NotPermitted(OFFLINE_INVITE)


def send_code(
    house: House, by: Principal, user: User, policy: Policy, scenario: Scenario, now: datetime, *, special: Invite, again: bool, event: str
) -> Code:
    """Inside an operation's transaction: a new code, its message unless somebody else delivers it, and an audit entry under `event`."""
    external = is_external(policy, scenario)
    code = codes.issue(
        house,
        by,
        user.id,
        scenario=scenario,
        recipient=must_be_reachable(user.profile, scenario),
        minutes=policy.minutes(scenario),
        now=now,
        shape=policy.shape(scenario) if scenario.otp else None,
        special=special,
        external=external,
    )
    if scenario.channel and not external:
        message = NewMessage(
            scenario.again if again else scenario.first,
            code.recipient,
            message_fields(house, by.tenant, policy, user, code),
            special.locale or user.profile.locale or "en",
            user.id,
            code.id,
            scenario.channel,
        )
        outbox.enqueue(by.tenant, message, now)
        reminders.plan(by.tenant, policy, code, message, now)
    audit.record(
        by,
        event,
        now,
        target=str(user.name),
        target_id=user.id,
        to=code.recipient,
        scenario=scenario.name,
        expires=code.expires.isoformat() if code.expires else "never",
    )
    return code


def handed_out(house: House, policy: Policy, code: Code) -> str:
    """The code for the caller's answer where another system delivers it, else `""`."""
    return codes.text_of(house, code) if is_external(policy, codes.scenario_of(code)) else ""


def message_fields(house: House, tenant: Tenant, policy: Policy, user: User, code: Code | None = None) -> dict[str, str]:
    """The claims that templates may name (`core.wording`), copied: delivery never reads a user store."""
    fields = {
        "user-name": str(user.name),
        "user.claim.givenname": user.profile.given_name,
        "user.claim.lastname": user.profile.family_name,
        "organization-name": organization(house, tenant, policy),
        "organization.support.mail": policy.text(SUPPORT),
        "userstore-domain": user.name.domain,
        "tenant-domain": tenant.domain,
    }
    if code is not None:
        fields["expires"] = code.expires.isoformat() if code.expires else ""
    return fields


def notify(
    house: House, tenant: Tenant, policy: Policy, user: User, mail_kind: str, sms_kind: str, now: datetime, channel: str = ""
) -> None:
    """A notice without a code: by SMS only to somebody who was reached that way and has no e-mail address."""
    if user.profile.mail:
        kind, recipient, channel = mail_kind, user.profile.mail, EMAIL
    elif channel == SMS and user.profile.mobile:
        kind, recipient = sms_kind, user.profile.mobile
    else:
        return
    fields = message_fields(house, tenant, policy, user)
    outbox.enqueue(tenant, NewMessage(kind, recipient, fields, user.profile.locale or "en", user.id, channel=channel), now)


def organization(house: House, tenant: Tenant, policy: Policy) -> str:
    return organization_name(policy.text(ORGANIZATION), tenant, house.config.base_url)
