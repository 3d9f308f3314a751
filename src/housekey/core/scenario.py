"""Why a code was issued, how it travels, and what is written to its owner: WSO2's recovery scenarios as one table (reference 3.4, 4.1).

A *method* is what an administrator chooses (link by e-mail, code by e-mail, code by SMS, handed over); with the *purpose* it makes a
scenario. Names are WSO2's; where WSO2 has none, Housekey's own follow the pattern.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Purpose = Literal["invitation", "reset", "recovery", "confirmation", "age"]
Method = Literal["EMAIL_LINK", "EMAIL_OTP", "SMS_OTP", "OFFLINE"]
METHODS: tuple[Method, ...] = ("EMAIL_LINK", "EMAIL_OTP", "SMS_OTP", "OFFLINE")

EMAIL, SMS, NOBODY = "EMAIL", "SMS", ""
"""Channels. NOBODY: handed over in person, or shown to the browser that earned it."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """`otp`: a short code to type, else a link. `first` and `again` are the message's kinds; `step` is WSO2's recovery step."""

    name: str
    purpose: Purpose
    method: Method
    channel: str
    otp: bool
    step: str
    first: str = ""
    again: str = ""
    wso2: str = ""
    """What WSO2's clients call it, where Housekey has a name of its own."""

    @property
    def public_name(self) -> str:
        return self.wso2 or self.name


SCENARIOS: tuple[Scenario, ...] = (
    Scenario("ASK_PASSWORD", "invitation", "EMAIL_LINK", EMAIL, False, "UPDATE_PASSWORD", "AskPassword", "resendAskPassword"),
    Scenario(
        "ASK_PASSWORD_VIA_EMAIL_OTP", "invitation", "EMAIL_OTP", EMAIL, True, "SET_PASSWORD",
        "AskPasswordEmailOTP", "AskPasswordResendEmailOTP",
    ),
    Scenario(
        "ASK_PASSWORD_VIA_SMS_OTP", "invitation", "SMS_OTP", SMS, True, "SET_PASSWORD", "askPasswordSMSOTP", "askPasswordResendSMSOTP"
    ),
    Scenario("ADMIN_INVITE_SET_PASSWORD_OFFLINE", "invitation", "OFFLINE", NOBODY, False, "UPDATE_PASSWORD"),
    Scenario(
        "ADMIN_FORCED_PASSWORD_RESET_VIA_EMAIL_LINK", "reset", "EMAIL_LINK", EMAIL, False, "UPDATE_PASSWORD",
        "AdminForcedPasswordReset", "resendAdminForcedPasswordReset",
    ),
    Scenario(
        "ADMIN_FORCED_PASSWORD_RESET_VIA_OTP", "reset", "EMAIL_OTP", EMAIL, True, "UPDATE_PASSWORD",
        "AdminForcedPasswordResetWithOTP", "resendAdminForcedPasswordResetWithOTP",
    ),
    Scenario(
        "ADMIN_FORCED_PASSWORD_RESET_VIA_SMS_OTP", "reset", "SMS_OTP", SMS, True, "UPDATE_PASSWORD",
        "adminForcedPasswordReset", "resendAdminForcedPasswordReset",
    ),
    Scenario(
        "ADMIN_FORCED_PASSWORD_RESET_OFFLINE", "reset", "OFFLINE", NOBODY, True, "UPDATE_PASSWORD",
        wso2="ADMIN_FORCED_PASSWORD_RESET_VIA_OTP",
    ),
    Scenario(
        "NOTIFICATION_BASED_PW_RECOVERY", "recovery", "EMAIL_LINK", EMAIL, False, "UPDATE_PASSWORD", "PasswordReset", "resendPasswordReset"
    ),
    Scenario(
        "NOTIFICATION_BASED_PW_RECOVERY_VIA_EMAIL_OTP", "recovery", "EMAIL_OTP", EMAIL, True, "UPDATE_PASSWORD",
        "PasswordResetOTP", "resendPasswordResetOTP", wso2="NOTIFICATION_BASED_PW_RECOVERY",
    ),
    Scenario(
        "NOTIFICATION_BASED_PW_RECOVERY_VIA_SMS_OTP", "recovery", "SMS_OTP", SMS, True, "UPDATE_PASSWORD",
        "passwordReset", "resendPasswordReset", wso2="NOTIFICATION_BASED_PW_RECOVERY",
    ),
    Scenario(
        "EMAIL_VERIFICATION", "confirmation", "EMAIL_LINK", EMAIL, False, "CONFIRM_PENDING_EMAIL_VERIFICATION",
        "EmailConfirm", "EmailConfirm",
    ),
    Scenario(
        "EMAIL_VERIFICATION_OTP", "confirmation", "EMAIL_OTP", EMAIL, True, "CONFIRM_PENDING_EMAIL_VERIFICATION",
        "EmailConfirmWithOTP", "EmailConfirmWithOTP",
    ),
    Scenario("PASSWORD_EXPIRY", "age", "OFFLINE", NOBODY, False, "UPDATE_PASSWORD"),
)

BY_NAME: dict[str, Scenario] = {item.name: item for item in SCENARIOS}
_BY_METHOD: dict[tuple[str, str], Scenario] = {(item.purpose, item.method): item for item in SCENARIOS}


def scenario_for(purpose: Purpose, method: Method) -> Scenario:
    """Raises KeyError for a pair that does not exist (a recovery handed over in person)."""
    return _BY_METHOD[purpose, method]


def of(name: str) -> Scenario:
    """The scenario that a row names. Raises KeyError."""
    return BY_NAME[name]
