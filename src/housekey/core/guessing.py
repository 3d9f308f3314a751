"""How likely somebody is to get in by guessing: the arithmetic behind what the settings pages say, and the guidelines it is held against.

Sources: NIST SP 800-63B-4 sections 3.1.1.2 (passwords), 3.1.3.2 (codes of at least six digits) and 4.2.1.2 (issued codes: ten minutes by
text message, 24 hours by e-mail); OWASP Forgot Password Cheat Sheet (single use, an end, at least six digits, tries limited).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import log2

from housekey.core import properties as p
from housekey.core.otp import MOST_TRIES, OtpShape
from housekey.core.policy import Policy
from housekey.core.scenario import scenario_for

SIX_DIGITS = 10**6
"""NIST's least number of different codes."""
LINK_BITS = 256
NIST, OWASP = "NIST SP 800-63B-4", "OWASP Forgot Password"
BY_MAIL, BY_PHONE = 24 * 60, 10
"""Minutes that NIST lets an issued code live."""


def possibilities(shape: OtpShape) -> int:
    """How many different codes there are."""
    return int(len(shape.alphabet) ** shape.length)


def chance(shape: OtpShape, tries: int = MOST_TRIES) -> Fraction:
    """That one of `tries` different guesses is the code. Raises ValueError for a negative number."""
    if tries < 0:
        raise ValueError(tries)
    return min(Fraction(tries, possibilities(shape)), Fraction(1))


def one_in(shape: OtpShape, tries: int = MOST_TRIES) -> int:
    """The same as people say it, once in so many, rounded down so that it never sounds better than it is."""
    found = chance(shape, tries)
    return int(1 / found) if found else 0


def bits(shape: OtpShape) -> float:
    return log2(possibilities(shape))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a setting comes to. `sentence` is English with `{names}` for `values`; `met` None: it only tells."""

    sentence: str
    values: dict[str, str]
    met: bool | None = None
    guideline: str = ""


def _of_code(shape: OtpShape) -> Iterator[Verdict]:
    number = possibilities(shape)
    told = {"length": str(shape.length), "tries": str(MOST_TRIES), "chance": f"{one_in(shape):,}", "codes": f"{number:,}"}
    yield Verdict("A code of {length} characters with {tries} tries lets a guesser in once in {chance}.", told)
    enough = number >= SIX_DIGITS
    sentence = "At least as many codes as six digits have." if enough else "Fewer codes than six digits have: only {codes}."
    yield Verdict(sentence, told, enough, NIST)
    yield Verdict("Six characters or more, tries limited, used once." if shape.length >= 6 else "Fewer than six characters.", {},
                  shape.length >= 6, OWASP)


def _of_life(minutes: int, most: int, limit: str) -> Iterator[Verdict]:
    """`limit`: the sentence that says how long NIST lets it live."""
    if minutes == 0:
        return
    yield Verdict(limit, {}, 0 < minutes <= most, NIST)
    yield Verdict("It ends by itself." if minutes > 0 else "It never ends.", {}, minutes > 0, OWASP)


_MAIL = "Codes that come by e-mail: at most 24 hours."
_PHONE = "Codes that come by text message: at most 10 minutes."


def _life(policy: Policy, name: str, method: str) -> Iterator[Verdict]:
    by_phone = method == "SMS_OTP"
    yield from _of_life(policy.number(name), BY_PHONE if by_phone else BY_MAIL, _PHONE if by_phone else _MAIL)


def verdicts(policy: Policy, name: str) -> list[Verdict]:
    """What can be said about one setting as it is in force, in the order in which it is read; mostly nothing."""
    match name:
        case p.OTP_LENGTH:
            return list(_of_code(policy.shape(scenario_for("invitation", "EMAIL_OTP"))))
        case p.RESET_OTP_LENGTH:
            return list(_of_code(policy.shape(scenario_for("reset", "EMAIL_OTP"))))
        case p.INVITE_EXPIRY:
            return list(_life(policy, name, policy.invitation_method))
        case p.RESET_EXPIRY:
            method = "SMS_OTP" if policy.on(p.RESET_SMS_OTP) else "EMAIL_LINK"
            return list(_life(policy, name, method))
        case p.RECOVERY_EXPIRY | p.CONFIRM_EXPIRY:
            return list(_life(policy, name, "EMAIL_LINK"))
        case p.RECOVERY_OTP_EXPIRY:
            return list(_life(policy, name, "SMS_OTP"))
    return list(_of_password(policy, name))


def _of_password(policy: Policy, name: str) -> Iterator[Verdict]:
    if name == p.MIN_LENGTH:
        long = policy.number(name) >= 15
        yield Verdict("15 characters or more where the password is all there is." if long
                      else "8 are enough only beside a second factor; 15 where the password is all there is.", {}, long, NIST)
    elif name == p.MAX_LENGTH:
        yield Verdict("64 characters and more are taken.", {}, policy.number(name) >= 64, NIST)
    elif name == p.AGE:
        off = not policy.on(name)
        yield Verdict("Passwords are not changed for their age alone." if off else "Passwords should not be changed for their age alone.",
                      {}, off, NIST)
    elif name == p.RECOVERY_HINT:
        yield Verdict("The answer is the same for every name, so it tells nobody who has an account.", {}, True, OWASP)
    elif name == p.CALLBACKS:
        yield Verdict("People are led back only to addresses on this list.", {}, True, OWASP)
