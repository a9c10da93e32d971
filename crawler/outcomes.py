"""Closed sets of results. Their values are also the counters, the metric labels and the words in the digest."""

from enum import StrEnum


class Outcome(StrEnum):
    """How an entry ended. An entry has none while it is pending, and never changes the one it got."""

    KEPT = "kept"
    COPY = "copy"
    OFF_THEME = "off_theme"
    STALE = "stale"
    REFUSED = "refused"
    BLOCKED = "blocked"
    GONE = "gone"
    NO_TEXT = "no_text"
    FAILED = "failed"


#: Outcomes whose article has a version and a file in the archive.
ARCHIVED = (Outcome.KEPT, Outcome.COPY)

#: How a line of a run's `error` ends that is no fault: what was missing was done without.
DONE_WITHOUT = "the run goes on with what it knows itself, and uses Redis again when it is back"


class PollOutcome(StrEnum):
    """What one poll of an endpoint brought."""

    NEW = "new"  # at least one key never seen before
    KNOWN = "known"  # a changed answer, every key in it known
    UNCHANGED = "unchanged"  # 304, or the same body as last time
    FAILED = "failed"  # no usable answer; the endpoint's last_error says why


class Sameness(StrEnum):
    """The level at which a copy was recognised, strongest first."""

    SAME_KEY = "same_key"
    SAME_TEXT = "same_text"
