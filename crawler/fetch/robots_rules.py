"""What a robots.txt wants of us: which addresses it forbids and by which line, and how long a pause it asks for. Pure.

The groups are told apart here (RFC 9309, section 2.2.1: every group that names us, else every one for all), so that
the rules of a thousand other crawlers cost nothing; protego matches the addresses.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple
from urllib.parse import quote

from protego import Protego

from crawler.fetch.robots_body import LINE_END

# Rules with * or $: each costs microseconds at every address. No honest file comes near; beyond it a rule is taken
# for a wider one.
MOST_PATTERNS = 2000

# The misspellings are those protego reads.
_AGENT = re.compile(r"user[- ]?agent(?:\s*:\s*|\s+|$)(?P<value>.*)", re.IGNORECASE)
_RULE = re.compile(
    r"(?P<field>allow|diss?all?[ao]w|diasllow|crawl[- ]delay|request[- ]rate|visit[- ]time)"
    r"(?:\s*:\s*|\s+|$)(?P<value>.*)",
    re.IGNORECASE,
)
_PATTERN = re.compile(r"[*$]")
_TOKEN = re.compile("[a-z_-]*")
_EVERYBODY = "*"
# Line ends to Python that are none to RFC 9309: what stands behind them is no line of its own.
_NO_LINE_END = re.compile("[\v\f\x1c-\x1e\x85\u2028\u2029]")
_FENCE = 64  # rules that are asked together
_MOST_SECONDS = 10**6  # so that no number is too large to divide


class Rule(NamedTuple):
    """A line of the file that is meant for us."""

    number: int  # of the line, from 1
    field: str  # in lower case, spelt rightly
    value: str

    def __str__(self) -> str:
        return f"{self.field}: {self.value}"

    @property
    def as_text(self) -> str:
        return f"{self.field}: {_NO_LINE_END.sub(lambda found: quote(found[0]), self.value)}"


class RobotsRules:
    """Args:
    text: of the file; "" where there is none.
    name: what we call ourselves, in lower case.
    """

    def __init__(self, text: str, name: str) -> None:
        self._rules = tuple(_cheap(_rules_for(text, name)))
        self._protego = _protego(self._rules)

    def allows(self, url: str) -> bool:
        return bool(self._protego.can_fetch(url, _EVERYBODY))

    def forbidding(self, url: str) -> Rule:
        """The line that forbids an address which is not allowed: the longest that fits, for it outweighs the others."""
        for rules, fence in self._fences:
            if not fence.can_fetch(url, _EVERYBODY):
                return next(rule for rule in rules if not _protego([rule]).can_fetch(url, _EVERYBODY))
        raise ValueError(f"no line forbids {url}")

    def seconds(self) -> float | None:
        """The pause between two requests that is asked for, the longer of Crawl-delay and Request-rate; None: none.

        What is no number, or a negative one, asks for nothing.
        """
        rate = self._protego.request_rate(_EVERYBODY)
        pauses = [self._protego.crawl_delay(_EVERYBODY)]
        if rate is not None:
            pauses.append(min(rate.seconds, _MOST_SECONDS) / min(rate.requests, _MOST_SECONDS))
        return max((float(pause) for pause in pauses if pause is not None), default=None)

    @cached_property
    def _fences(self) -> tuple[tuple[Sequence[Rule], Protego], ...]:
        forbid = [rule for rule in self._rules if rule.field == "disallow"]
        forbid.sort(key=lambda rule: len(quote(rule.value)), reverse=True)
        parts = [forbid[start : start + _FENCE] for start in range(0, len(forbid), _FENCE)]
        return tuple((part, _protego(part)) for part in parts)


def _protego(rules: Sequence[Rule]) -> Protego:
    return Protego.parse("\n".join(["user-agent: *", *(rule.as_text for rule in rules)]))


def _rules_for(text: str, name: str) -> list[Rule]:
    """The lines of the groups that name us, where one does; else those of the groups for everybody."""
    named, ours, everybodys = False, list[Rule](), list[Rule]()
    agents, is_heading = set[str](), False
    for number, written in enumerate(LINE_END.split(text), 1):
        line = written.partition("#")[0].strip()
        if agent := _AGENT.match(line):
            agents = agents if is_heading else set()
            agents.add(_token(agent["value"]))
            named, is_heading = named or name in agents, True
        elif rule := _RULE.match(line):
            is_heading = False
            found = Rule(number, _spelt(rule["field"]), rule["value"])
            for agent_name, rules in ((name, ours), (_EVERYBODY, everybodys)):
                if agent_name in agents and found.value:
                    rules.append(found)
    return ours if named else everybodys


def _token(value: str) -> str:
    """The product token of a User-agent line: `PressWatch/2.0` means us too, `press` does not."""
    if value[:1] == _EVERYBODY and not value[1:2].strip():
        return _EVERYBODY
    found = _TOKEN.match(value.replace(_EVERYBODY, "").lower())
    return found[0] if found else ""


def _spelt(field: str) -> str:
    name = field.lower().replace(" ", "-")
    return "disallow" if name.startswith("d") else name


def _cheap(rules: Sequence[Rule]) -> Iterator[Rule]:
    """The rules; of the patterns beyond MOST_PATTERNS the part before * and $, where that allows nothing more."""
    patterns = 0
    for rule in rules:
        head = _PATTERN.split(rule.value, maxsplit=1)[0]
        patterns += head != rule.value
        if head == rule.value or patterns <= MOST_PATTERNS or rule.field not in {"allow", "disallow"}:
            yield rule
        elif rule.field == "disallow":
            yield rule._replace(value=head or "/")
