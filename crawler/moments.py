"""The times in a message, as a person reads them. Messages and books hold them in UTC, whatever the zone is. Pure."""

import re
from datetime import datetime, tzinfo

_MOMENT = re.compile(
    r"\b(?P<day>\d{4}-\d\d-\d\d)[T ](?P<time>\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)"
    r"(?: ?(?P<offset>[+-]\d\d:\d\d)| UTC\b|Z\b)"
)


def in_zone(message: str, zone: tzinfo) -> str:
    """The message with each time that has an offset, or is said to be UTC, told in `zone` to the minute."""
    return _MOMENT.sub(lambda found: _told(found, zone), message)


def _told(found: re.Match[str], zone: tzinfo) -> str:
    try:
        moment = datetime.fromisoformat(f"{found['day']}T{found['time']}{found['offset'] or '+00:00'}")
        return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError):  # a page's own words, which only look like a time
        return found[0]
