"""Every way to fail, in one closed table: what it counts, when the next try is, how an entry ends, and who is told.

Lists and pages read the same rows. docs/guide-operator.md has the table for people; a test compares the two.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from crawler.outcomes import Outcome


class Failure(StrEnum):
    """What went wrong, in the words the operator reads."""

    DNS = "the host name cannot be resolved"
    CONNECTION = "no connection"
    PROXY = "the proxy lets nothing through"
    CERTIFICATE = "the certificate is not valid"
    TLS = "the TLS handshake failed"
    TIMEOUT = "no answer in time"
    BROKEN = "the answer broke off"
    TOO_LARGE = "larger than the limit"
    REDIRECTS = "too many redirects, or one that leads nowhere"
    ADDRESS = "the address is not one presswatch may reach"
    ROBOTS = "robots.txt forbids it"
    ROBOTS_UNREACHABLE = "robots.txt could not be read, so nothing may be fetched yet"
    GONE = "no longer there"
    LOGIN = "the server wants a login"
    FORBIDDEN = "the server refuses us"
    WITHHELD = "the server withholds it, for money or by law"
    NOT_THIS_WAY = "the server does not give it in this form"
    ADDRESS_TOO_LONG = "the address is too long for the server"
    CLIENT_ERROR = "the server rejects the request"
    RATE_LIMITED = "the server asks us to slow down"
    WALLED = "the server's firewall turns us away"
    CHALLENGE = "a captcha, login or block page instead of the answer"
    SERVER_ERROR = "the server has an error"
    UNAVAILABLE = "the server is not available"
    PARSE = "not what its kind promises"
    EXPRESSION = "an expression of the config takes too long"
    DISK = "disk or database refused"
    INTERNAL = "presswatch itself failed; the log has the traceback"


class Whom(StrEnum):
    """Who can do something about it."""

    NOBODY = "nobody"  # it mostly heals; where it lasts it is the operator's
    OPERATOR = "operator"
    AUTHOR = "source author"  # whoever keeps the source's file


class Told(StrEnum):
    """From when on somebody is asked to look."""

    AT_ONCE = "at once"
    IF_IT_LASTS = "if it lasts"  # two polls in a row, or an hour


MINUTES, HOUR, HOURS = timedelta(minutes=10), timedelta(hours=1), timedelta(hours=3)


@dataclass(frozen=True, kw_only=True)
class FailureRule:
    """One row.

    `weight` counts towards the limit of attempts. `step` lies before the next try for each weighted failure in a row,
    up to a day. `ends` is the outcome at once, `last` the one when the attempts are used up. `is_of_host`: it says
    nothing of the address, and something of the host.
    """

    weight: float
    step: timedelta = MINUTES
    ends: Outcome | None = None
    last: Outcome = Outcome.FAILED
    is_of_host: bool = False
    whom: Whom = Whom.OPERATOR
    told: Told = Told.AT_ONCE

    @property
    def needs_somebody_at_once(self) -> bool:
        return self.told is Told.AT_ONCE and self.whom is not Whom.NOBODY


def _weather(weight: float = 0.5) -> FailureRule:
    """What heals by itself more often than not."""
    return FailureRule(weight=weight, is_of_host=True, whom=Whom.NOBODY, told=Told.IF_IT_LASTS)


# Fractions after Media Cloud's rss-fetcher: what heals by itself counts less than what seldom does.
RULES: dict[Failure, FailureRule] = {
    Failure.DNS: _weather(),
    Failure.CONNECTION: _weather(),
    Failure.PROXY: FailureRule(weight=0),  # says nothing of the publisher: no entry is given up for it
    Failure.CERTIFICATE: FailureRule(weight=1, step=HOUR, is_of_host=True),
    Failure.TLS: FailureRule(weight=1, is_of_host=True, told=Told.IF_IT_LASTS),
    Failure.TIMEOUT: _weather(),
    Failure.BROKEN: _weather(),
    Failure.TOO_LARGE: FailureRule(weight=1, step=HOUR, ends=Outcome.REFUSED),
    Failure.REDIRECTS: FailureRule(weight=1, whom=Whom.AUTHOR, told=Told.IF_IT_LASTS),
    Failure.ADDRESS: FailureRule(weight=1, step=HOUR, ends=Outcome.REFUSED),
    Failure.ROBOTS: FailureRule(weight=1, step=HOURS, ends=Outcome.REFUSED, whom=Whom.AUTHOR),
    Failure.ROBOTS_UNREACHABLE: _weather(0.25),
    Failure.GONE: FailureRule(weight=1, step=HOURS, ends=Outcome.GONE, whom=Whom.AUTHOR),
    Failure.LOGIN: FailureRule(weight=1, step=HOUR, last=Outcome.BLOCKED, whom=Whom.AUTHOR),
    Failure.FORBIDDEN: FailureRule(weight=1, step=HOUR, last=Outcome.BLOCKED, told=Told.IF_IT_LASTS),
    Failure.WITHHELD: FailureRule(weight=1, step=HOURS, last=Outcome.BLOCKED, whom=Whom.AUTHOR),
    Failure.NOT_THIS_WAY: FailureRule(weight=1, step=HOUR, whom=Whom.AUTHOR),
    Failure.ADDRESS_TOO_LONG: FailureRule(weight=1, step=HOUR, whom=Whom.AUTHOR),
    Failure.CLIENT_ERROR: FailureRule(weight=1, whom=Whom.AUTHOR, told=Told.IF_IT_LASTS),
    Failure.RATE_LIMITED: FailureRule(weight=0.25, told=Told.IF_IT_LASTS),
    Failure.WALLED: FailureRule(weight=1, step=HOUR, last=Outcome.BLOCKED),
    Failure.CHALLENGE: FailureRule(weight=1, step=HOUR, ends=Outcome.BLOCKED),
    Failure.SERVER_ERROR: _weather(),
    Failure.UNAVAILABLE: _weather(),
    Failure.PARSE: FailureRule(weight=1, whom=Whom.AUTHOR, told=Told.IF_IT_LASTS),
    Failure.EXPRESSION: FailureRule(weight=1, step=HOUR, whom=Whom.AUTHOR),
    Failure.DISK: FailureRule(weight=0, step=timedelta(0)),
    Failure.INTERNAL: FailureRule(weight=1),
}

STATUSES: dict[int, Failure] = {
    401: Failure.LOGIN,
    402: Failure.WITHHELD,
    403: Failure.FORBIDDEN,
    404: Failure.GONE,
    405: Failure.NOT_THIS_WAY,
    406: Failure.NOT_THIS_WAY,
    407: Failure.LOGIN,
    410: Failure.GONE,
    414: Failure.ADDRESS_TOO_LONG,
    429: Failure.RATE_LIMITED,
    451: Failure.WITHHELD,
    501: Failure.WALLED,  # no server lacks GET: it is what Tencent's firewall says
    502: Failure.UNAVAILABLE,
    503: Failure.UNAVAILABLE,
    504: Failure.UNAVAILABLE,
    567: Failure.RATE_LIMITED,  # Tencent's own
}


def failure_of_status(status: int) -> Failure | None:
    """The failure an HTTP status means; None for 2xx and 304."""
    if 200 <= status < 300 or status == 304:
        return None
    if status in STATUSES:
        return STATUSES[status]
    if 300 <= status < 400:
        return Failure.REDIRECTS
    return Failure.CLIENT_ERROR if status < 500 else Failure.SERVER_ERROR


def failure_named(error: str) -> Failure | None:
    """The failure whose words an error begins with, as ledger and books hold it; None for one that is of no row."""
    words = error.partition(": ")[0]
    return Failure(words) if words in _WORDS else None


_WORDS = frozenset(failure.value for failure in Failure)
