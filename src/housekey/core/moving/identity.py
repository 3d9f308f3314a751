"""`identity.xml`: the path of an element below `Server` is the name of a setting, with dots (reference server 1.1, 1.7)."""

from __future__ import annotations

from difflib import get_close_matches

from housekey.core.moving.fragments import Node
from housekey.core.moving.report import Moved, Place, switch
from housekey.core.properties import BY_NAME, OTP_DIGITS, OTP_LOWER, OTP_UPPER, RECOVERY_EMAIL_OTP

GOVERNANCE = "event.default_listener.governance_identity_mgt.enable"
_OTHER = {"EmailVerification.OTP.UseUppercaseInOtp": OTP_UPPER, "EmailVerification.OTP.UseLowercaseInOtp": OTP_LOWER,
          "EmailVerification.OTP.UseNumericInOtp": OTP_DIGITS, "Recovery.Notification.Password.OTP.SendOTPInEmail": RECOVERY_EMAIL_OTP}
"""What the file calls some of them."""
_SETTINGS = {name.lower(): name for name in BY_NAME} | {path.lower(): name for path, name in _OTHER.items()}
_LIVES = {f"oauth.{path.lower()}": f"oauth.token_validation.{key}" for path, key in {
    "AuthorizationCodeDefaultValidityPeriod": "authorization_code_validity",
    "AccessTokenDefaultValidityPeriod": "user_access_token_validity",
    "UserAccessTokenDefaultValidityPeriod": "user_access_token_validity",
    "ApplicationAccessTokenDefaultValidityPeriod": "app_access_token_validity",
    "RefreshTokenValidityPeriod": "refresh_token_validity",
}.items()}
"""How long tokens are good for, in seconds; the second of them is the third's older name."""

_DIFFERS = {
    "EmailVerification.AskPassword.PasswordGenerator": "Nothing generates a password: who is invited has none until she chooses one.",
    "EmailVerification.AskPassword.DisableRandomValueForCredentials": "A password sent beside askPassword is never kept.",
    "EmailVerification.AskPassword.Notification.ConfirmationCodeTolerancePeriod": "A new code always replaces the one before.",
    "EmailVerification.DisableNotifyUnlockState": "There is no message about unlocking.",
    "Recovery.Notification.ConfirmationCodeTolerancePeriod": "A new code always replaces the one before.",
    "Recovery.AdminPasswordReset.AccountLockNotification": "There is no message about locking; the one with the link or code says it.",
    "Recovery.AdminPasswordReset.AccountUnlockNotification": "There is no message about unlocking; the one about the new password says it.",
    "Recovery.NotifySuccess": "Decided here without a setting: whose password was changed is told.",
    "Recovery.CallbackRegex": "Return addresses are a list here, matched exactly: [identity_mgt.recovery] callback_urls.",
    "Recovery.AutoLogin.Enable": "Has no effect: after a new password people sign in with it.",
    "Recovery.Notification.Password.smsOtp.Regex": "How a code looks is decided by its length and its classes of characters.",
    "Recovery.Notification.Password.MaxFailedAttempts": "Decided here without a setting: five tries of a code.",
    "Recovery.Notification.Password.MaxResendAttempts": "Decided here without a setting: see the limits on messages.",
}
_LOWER = {name.lower(): words for name, words in _DIFFERS.items()}
_OURS = ("emailverification.", "recovery.adminpasswordreset.", "enableaskpasswordadminui")
"""Where every name is known: anything else is a slip of the pen."""
_STORE = "governance.listener.identitystoreeventlistener"
_STORE_KEYS = {"data.store": "event.default_listener.governance_identity_store.data_store",
               "enablehybriddatastore": "event.default_listener.governance_identity_store.enable_hybrid_data_store"}


def read(root: Node, file: str, moved: Moved) -> None:
    """Every leaf of the document."""
    for node in _tops(root):
        if node.tag == "EventListener":
            _listener(node, file, moved)
            swallowed = Node("", node.line, children=[one for one in node.children if one.tag != "Property"])
            read(swallowed, file, moved)
        elif node.tag == "EventListeners":
            read(node, file, moved)
        else:
            _element(node, node.tag, file, moved)


def _tops(root: Node) -> list[Node]:
    """The elements directly below `Server`; of a pasted fragment its outermost ones."""
    return [inner for node in root.children for inner in (node.children if node.tag == "Server" else [node])]


def _element(node: Node, path: str, file: str, moved: Moved) -> None:
    if node.children:
        if node.text:
            moved.could_not(Place(file, node.line, path), "Has a text beside its elements, which was not read.")
        for child in node.children:
            _element(child, f"{path}.{child.tag}", file, moved)
    elif node.text or path.lower() in _SETTINGS:
        _setting(Place(file, node.line, path), node.text, moved)
    for name in node.attributes if not path.lower().startswith(_OURS) else ():
        if not name.startswith("xmlns"):
            moved.differs(Place(file, node.lines[name], f"{path}/@{name}"), _elsewhere(path))


def _setting(place: Place, text: str, moved: Moved) -> None:
    name = _SETTINGS.get(place.key.lower())
    if name and not text:
        moved.differs(place, "Is empty, which means: not set.")
    elif name:
        moved.want(place, BY_NAME[name].toml, text)
    elif key := _LIVES.get(place.key.lower()):
        moved.want(place, key, text)
    elif words := _LOWER.get(place.key.lower()):
        moved.differs(place, words)
    elif place.key.lower().startswith(_OURS):
        near = get_close_matches(place.key, [*BY_NAME, *_DIFFERS], 1, 0.8)
        moved.could_not(place, "There is no setting of this name." + (f" Did you mean {near[0]}?" if near else ""))
    else:
        moved.differs(place, _elsewhere(place.key))


def _elsewhere(path: str) -> str:
    return f"{path.partition('.')[0][:60]} is a part of WSO2's server that Housekey has no setting for; it was left out."


def _listener(node: Node, file: str, moved: Moved) -> None:
    name = node.attributes.get("name", "")
    short = name.rpartition(".")[2] or "?"
    start = f"EventListener[{short[:80]}]"
    enable = node.attributes.get("enable")
    if enable is not None:
        _enable(name.lower(), enable, Place(file, node.lines["enable"], f"{start}/@enable"), moved)
    if "orderId" in node.attributes:
        moved.differs(Place(file, node.lines["orderId"], f"{start}/@orderId"), "The order of listeners has no meaning here.")
    for one in node.each("Property"):
        key = f"{start}/Property[{one.attributes.get('name', '?')[:80]}]"
        wanted = _STORE_KEYS.get(one.attributes.get("name", "").lower()) if name.lower().endswith(_STORE) else None
        if wanted and one.text:
            moved.want(Place(file, one.line, key), wanted, one.text)
        else:
            moved.differs(Place(file, one.line, key), "This listener is built in and has no such property.")


def _enable(name: str, text: str, place: Place, moved: Moved) -> None:
    on = switch(text)
    if on is None:
        moved.could_not(place, "Expected true or false.")
    elif name.endswith("governance.listener.identitymgteventlistener"):
        moved.want(place, GOVERNANCE, text)
    elif name.endswith("identity.mgt.identitymgteventlistener"):
        if on:
            moved.could_not(place, "Asks for the identity management engine from before 5.3, which does not exist here. "
                                   "The one that replaces it is on.")
        else:
            moved.understood(place, "nothing to set", "off", "The engine from before 5.3 does not exist here.")
    else:
        moved.differs(place, "Listeners are built in and cannot be switched.")
