"""Every setting a tenant may decide, defined once: console forms, the governance API and `deployment.toml` all read this table.

Names and defaults are WSO2's (reference server 1.1, 2.2–2.4, ui 1.3–1.5) except where spec section 12 decides otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from housekey.core.codes import MAX_MINUTES
from housekey.core.otp import LONGEST, SHORTEST

Kind = Literal["boolean", "minutes", "number", "text"]
Form = Literal["invite", "reset", "recovery", "password", "organization"]


@dataclass(frozen=True, slots=True)
class Property:
    """One setting. `name` is WSO2's property, `toml` the `table.key` of deployment.toml, `default` the built-in value as text."""

    name: str
    toml: str
    form: Form
    kind: Kind
    default: str
    label: str
    hint: str
    legacy_label: str = ""
    """What the 5.x or 7.0 console called it, so that a search for the old words finds it."""
    low: int = 0
    high: int = 0
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """Methods of which one can be on at a time: the switches in WSO2's order of precedence, strongest first (spec section 12)."""

    label: str
    members: tuple[str, ...]
    default: str
    """The member that is on while nothing is stored; for invitations it has no switch of its own."""


ENABLE = "EmailVerification.Enable"
LOCK = "EmailVerification.LockOnCreation"
INVITE_EMAIL_OTP = "EmailVerification.AskPassword.EmailOTP"
INVITE_SMS_OTP = "EmailVerification.AskPassword.SMSOTP"
INVITE_EXPIRY = "EmailVerification.AskPassword.ExpiryTime"
ACTIVATION_NOTICE = "EmailVerification.AskPassword.AccountActivation"
OTP_UPPER = "EmailVerification.OTP.UseUppercaseCharactersInOTP"
OTP_LOWER = "EmailVerification.OTP.UseLowercaseCharactersInOTP"
OTP_DIGITS = "EmailVerification.OTP.UseNumbersInOTP"
OTP_LENGTH = "EmailVerification.OTP.OTPLength"
CONFIRM_EXPIRY = "EmailVerification.ExpiryTime"
CONFIRM_BY_OTP = "EmailVerification.OTP.SendOTPInEmail"
INVITE_WITHOUT_PASSWORD = "EmailVerification.AskPassword.InviteWithoutPassword"  # noqa: S105 - a name in WSO2's manner
INVITE_REMINDER = "EmailVerification.AskPassword.ReminderBeforeExpiry"
INTERNAL = "EmailVerification.Notification.InternallyManage"
OFFER_ASK_PASSWORD = "EnableAskPasswordAdminUI"  # noqa: S105 - WSO2's name of a setting

RESET_LINK = "Recovery.AdminPasswordReset.RecoveryLink"
RESET_EMAIL_OTP = "Recovery.AdminPasswordReset.OTP"
RESET_SMS_OTP = "Recovery.AdminPasswordReset.SMSOTP"
RESET_OFFLINE = "Recovery.AdminPasswordReset.Offline"
RESET_EXPIRY = "Recovery.AdminPasswordReset.ExpiryTime"
RESET_REMINDER = "Recovery.AdminPasswordReset.ReminderBeforeExpiry"
RESET_OTP_UPPER = "Recovery.AdminPasswordReset.OTP.UseUppercaseCharactersInOTP"
RESET_OTP_LOWER = "Recovery.AdminPasswordReset.OTP.UseLowercaseCharactersInOTP"
RESET_OTP_DIGITS = "Recovery.AdminPasswordReset.OTP.UseNumbersInOTP"
RESET_OTP_LENGTH = "Recovery.AdminPasswordReset.OTP.OTPLength"

RECOVERY = "Recovery.Notification.Password.Enable"
RECOVERY_LINK = "Recovery.Notification.Password.emailLink.Enable"
RECOVERY_EMAIL_OTP = "Recovery.Notification.Password.OTP.SendOTPInEmail"
RECOVERY_SMS_OTP = "Recovery.Notification.Password.smsOtp.Enable"
RECOVERY_EXPIRY = "Recovery.ExpiryTime"
RECOVERY_OTP_EXPIRY = "Recovery.Notification.Password.ExpiryTime.smsOtp"
RECOVERY_INTERNAL = "Recovery.Notification.InternallyManage"
RECOVERY_HINT = "Recovery.HintAfterFailures"
CALLBACKS = "Recovery.CallbackURLs"

MIN_LENGTH = "passwordPolicy.min.length"
MAX_LENGTH = "passwordPolicy.max.length"
AGE = "passwordExpiry.enablePasswordExpiry"
AGE_DAYS = "passwordExpiry.passwordExpiryInDays"
SUPPORT = "organization.support.mail"
ORGANIZATION = "organization.name"

_ONBOARDING = "identity_mgt.user_onboarding"
_BY_ADMIN = "identity_mgt.password_reset_by_admin"
_BY_MAIL = "identity_mgt.password_reset_email"


def _switch(name: str, toml: str, form: Form, default: str, label: str, hint: str, legacy: str = "") -> Property:
    return Property(name, toml, form, "boolean", default, label, hint, legacy)


def _minutes(name: str, toml: str, form: Form, default: str, label: str, hint: str, legacy: str = "") -> Property:
    return Property(name, toml, form, "minutes", default, label, hint, legacy, low=-1, high=MAX_MINUTES, unit="minutes")


def _reminder(name: str, toml: str, form: Form, label: str, what: str) -> Property:
    return Property(
        name, toml, form, "number", "0", label,
        f"Minutes before {what} ends at which it is sent once more to somebody who has not used it. 0 sends none. None is sent in the "
        "first hour, and none of what never expires.",
        low=0, high=MAX_MINUTES, unit="minutes",
    )


def _otp(form: Form, names: tuple[str, str, str, str], tomls: tuple[str, str, str, str], lower: str) -> tuple[Property, ...]:
    """The four settings of a one-time code: three classes of characters and the length."""
    upper_name, lower_name, digits_name, length_name = names
    return (
        _switch(upper_name, tomls[0], form, "true", "Include uppercase letters in OTP", "A–Z.", "Include uppercase characters in OTP"),
        _switch(lower_name, tomls[1], form, lower, "Include lowercase letters in OTP", "a–z.", "Include lowercase characters in OTP"),
        _switch(digits_name, tomls[2], form, "true", "Include numbers in OTP", "0–9."),
        Property(
            length_name, tomls[3], form, "number", "6", "OTP code length",
            "4 to 10. Six or more are recommended: a shorter code is easier to guess.", "OTP length",
            low=SHORTEST, high=LONGEST, unit="characters",
        ),
    )


PROPERTIES: tuple[Property, ...] = (
    _switch(
        ENABLE, f"{_ONBOARDING}.enable_email_verification", "invite", "true", "Invite users to set their own password",
        "When this is off, nobody can be invited: creating a user with askPassword is refused.", "Enable User Email Verification",
    ),
    _switch(
        INVITE_EMAIL_OTP, f"{_ONBOARDING}.ask_password_email_otp", "invite", "false", "Email with OTP code",
        "The invitation carries a code to type instead of a link.", "Send email OTP to setup the password",
    ),
    _switch(
        INVITE_SMS_OTP, f"{_ONBOARDING}.ask_password_sms_otp", "invite", "false", "SMS with OTP code",
        "The invitation is a text message to the user’s mobile number.", "Send SMS OTP to setup the password",
    ),
    _minutes(
        INVITE_EXPIRY, f"{_ONBOARDING}.ask_password_email_validity", "invite", "1440", "Invitation link/OTP expiry time",
        "How long an invitation can be used. -1 means it never expires, 0 means it expires at once. "
        "A change applies to invitations sent from now on.",
        "Ask password code expiry time",
    ),
    _reminder(
        INVITE_REMINDER, f"{_ONBOARDING}.ask_password_reminder_before_expiry", "invite", "Remind before an invitation expires",
        "an invitation",
    ),
    _switch(
        ACTIVATION_NOTICE, f"{_ONBOARDING}.ask_password_account_activation", "invite", "true", "Send account activation notification",
        "Tells people that their password was set and the account is open.", "Send account activation email",
    ),
    _switch(
        LOCK, f"{_ONBOARDING}.lock_on_creation", "invite", "true", "Lock account until password is set",
        "The account stays locked until the invitation is used.", "Enable account lock on creation",
    ),
    _switch(
        OFFER_ASK_PASSWORD, f"{_ONBOARDING}.ask_password_from_user", "invite", "true", "Offer the invitation in the console",
        "When this is off, the console only lets administrators set a password themselves.", "Ask password from user",
    ),
    _switch(
        INVITE_WITHOUT_PASSWORD, f"{_ONBOARDING}.invite_without_password", "invite", "false", "Invite users created without a password",
        "Users whom a provisioning system creates with neither password nor invitation are invited at once, if they can be reached.",
    ),
    *_otp(
        "invite", (OTP_UPPER, OTP_LOWER, OTP_DIGITS, OTP_LENGTH),
        (f"{_ONBOARDING}.otp.use_uppercase_in_otp", f"{_ONBOARDING}.otp.use_lowercase_in_otp", f"{_ONBOARDING}.otp.use_numeric_in_otp",
         f"{_ONBOARDING}.otp.otp_length"),
        "true",
    ),
    _minutes(
        CONFIRM_EXPIRY, f"{_ONBOARDING}.verification_email_validity", "invite", "1440", "E-mail confirmation expiry time",
        "How long the message that confirms an address (verifyEmail) can be used. -1 means for ever, 0 not at all.",
        "Email verification code expiry time",
    ),
    _switch(
        CONFIRM_BY_OTP, f"{_ONBOARDING}.otp.send_otp_in_email", "invite", "false", "Confirm addresses by OTP",
        "verifyEmail sends a code to type instead of a link.", "Send OTP in e-mail",
    ),
    _switch(
        INTERNAL, f"{_ONBOARDING}.notification.manage_internally", "invite", "true", "Manage notifications sending internally",
        "When this is off, Housekey sends nothing: whoever creates or resets a user gets the code in the answer and delivers it.",
    ),
    _switch(
        RESET_LINK, f"{_BY_ADMIN}.enable_emailed_link_based_reset", "reset", "true", "Enable password reset via recovery e-mail",
        "The user gets an e-mail with a link to choose a new password.", "Enable Password Reset via Recovery Email",
    ),
    _switch(
        RESET_EMAIL_OTP, f"{_BY_ADMIN}.enable_emailed_otp_based_reset", "reset", "false", "Enable password reset via Email OTP",
        "The user gets an e-mail with a code to sign in with once, and then chooses a new password.", "Enable Password Reset via OTP",
    ),
    _switch(
        RESET_SMS_OTP, f"{_BY_ADMIN}.enable_sms_otp_based_reset", "reset", "false", "Enable password reset via SMS OTP",
        "As by e-mail, but the code comes as a text message.",
    ),
    _switch(
        RESET_OFFLINE, f"{_BY_ADMIN}.enable_offline_otp_based_reset", "reset", "false", "Enable password reset offline",
        "No message: an administrator reads the code from the user’s profile and passes it on.", "Enable Password Reset Offline",
    ),
    _minutes(
        RESET_EXPIRY, f"{_BY_ADMIN}.code_validity_period", "reset", "1440", "Reset link/OTP expiry time",
        "How long the link or code of a forced reset can be used. -1 means it never expires, 0 means it expires at once.",
        "Admin forced password reset code expiry time",
    ),
    _reminder(
        RESET_REMINDER, f"{_BY_ADMIN}.reminder_before_expiry", "reset", "Remind before a reset expires", "the link or code of a reset",
    ),
    *_otp(
        "reset", (RESET_OTP_UPPER, RESET_OTP_LOWER, RESET_OTP_DIGITS, RESET_OTP_LENGTH),
        (f"{_BY_ADMIN}.otp.use_uppercase_in_otp", f"{_BY_ADMIN}.otp.use_lowercase_in_otp", f"{_BY_ADMIN}.otp.use_numeric_in_otp",
         f"{_BY_ADMIN}.otp.otp_length"),
        "false",
    ),
    _switch(
        RECOVERY, f"{_BY_MAIL}.enable_password_reset_email", "recovery", "true", "Let users recover a forgotten password",
        "Shows “Forgot password?” on the sign-in page.", "Notification based password recovery",
    ),
    _switch(
        RECOVERY_LINK, f"{_BY_MAIL}.enable_email_link", "recovery", "true", "Send reset link via email",
        "The user gets an e-mail with a link.", "Recovery with email link",
    ),
    _switch(
        RECOVERY_EMAIL_OTP, f"{_BY_MAIL}.otp.send_otp_in_email", "recovery", "false", "Send OTP via email",
        "The user gets an e-mail with a code to type.",
    ),
    _switch(
        RECOVERY_SMS_OTP, "identity_mgt.password_reset_sms.enable_sms_otp", "recovery", "false", "Send OTP via SMS",
        "The user gets a text message with a code to type.",
    ),
    _minutes(
        RECOVERY_EXPIRY, f"{_BY_MAIL}.reset_mail_validity", "recovery", "1440", "Recovery link expiry time",
        "How long a recovery link can be used. -1 means it never expires, 0 means it expires at once.", "Recovery callback expiry time",
    ),
    _minutes(
        RECOVERY_OTP_EXPIRY, "identity_mgt.password_reset_sms.sms_otp_validity", "recovery", "10", "Recovery OTP expiry time",
        "How long a recovery code can be used. NIST recommends at most 10 minutes for codes.",
    ),
    _switch(
        RECOVERY_INTERNAL, "identity_mgt.recovery.notification.manage_internally", "recovery", "true",
        "Manage recovery notifications internally",
        "When this is off, Housekey sends no recovery message: a permitted application gets the code in the answer and delivers it.",
    ),
    _switch(
        RECOVERY_HINT, "identity_mgt.recovery.hint_after_failures", "recovery", "false", "Hint at pending messages after three failures",
        "After three failed sign-ins the page adds that a message may have been sent. Shown for every name, so it tells nothing.",
    ),
    Property(
        CALLBACKS, "identity_mgt.recovery.callback_urls", "recovery", "text", "", "Allowed return addresses",
        "Full addresses, separated by spaces, to which people may be led back after setting a password. Matched exactly.", high=1000,
    ),
    Property(
        MIN_LENGTH, "identity_mgt.password_policy.min_length", "password", "number", "8", "Minimum password length",
        "8 is the least NIST SP 800-63B-4 allows; it recommends 15 where the password is the only factor.",
        low=8, high=64, unit="characters",
    ),
    Property(
        MAX_LENGTH, "identity_mgt.password_policy.max_password_allowed_length", "password", "number", "128", "Maximum password length",
        "Long passphrases should fit. At least 64.", low=64, high=256, unit="characters",
    ),
    _switch(
        AGE, "identity_mgt.password_expiry.enable_password_expiry", "password", "false", "Require a new password after some time",
        "NIST SP 800-63B-4 advises against it. The next sign-in then asks for a new password.", "Enable Password Expiry",
    ),
    Property(
        AGE_DAYS, "identity_mgt.password_expiry.password_expiry_in_days", "password", "number", "90", "Password age",
        "Days after which a password has to be replaced.", "Password expiry time in days", low=1, high=3650, unit="days",
    ),
    Property(
        ORGANIZATION, "organization.name", "organization", "text", "", "Organisation name",
        "Shown on pages and in messages. Empty: the tenant’s name, else the host name.", high=100,
    ),
    Property(
        SUPPORT, "organization.support_mail", "organization", "text", "", "Support contact",
        "An address or a sentence shown on every page and in every message: whom to ask for help.", high=200,
    ),
)

INVITE_CHOICE = Choice("invitation method", (INVITE_EMAIL_OTP, INVITE_SMS_OTP), "")
RESET_CHOICE = Choice("method of a forced reset", (RESET_LINK, RESET_SMS_OTP, RESET_EMAIL_OTP, RESET_OFFLINE), RESET_LINK)
CHOICES: tuple[Choice, ...] = (INVITE_CHOICE, RESET_CHOICE)
OTP_CLASSES: tuple[tuple[str, str, str], ...] = ((OTP_UPPER, OTP_LOWER, OTP_DIGITS), (RESET_OTP_UPPER, RESET_OTP_LOWER, RESET_OTP_DIGITS))
"""Of each three at least one is on."""

REMINDERS: tuple[tuple[str, str], ...] = ((INVITE_REMINDER, INVITE_EXPIRY), (RESET_REMINDER, RESET_EXPIRY))
"""Each reminder with the lifetime that it has to be shorter than."""

BY_NAME: dict[str, Property] = {item.name: item for item in PROPERTIES}
BY_TOML: dict[str, Property] = {item.toml: item for item in PROPERTIES}
