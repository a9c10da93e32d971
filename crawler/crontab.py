"""Crontab lines as cron reads them. Pure."""

import re
from datetime import datetime, tzinfo

from apscheduler.triggers.cron import CronTrigger

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NUMBERED = re.compile(r"(?P<first>\d)(?:-(?P<last>\d))?(?:/(?P<step>\d))?")


def cron_trigger(line: str, zone: tzinfo) -> CronTrigger:
    """The trigger of a five-field crontab line in `zone`.

    APScheduler counts the days of the week from Monday as 0, cron from Sunday as 0 (and 7): numbers in the fifth
    field are read as cron does.

    Raises:
        ValueError: the line has not five fields, one is out of its range, or the time never comes.
    """
    fields = line.split()
    if len(fields) == 5:
        fields[4] = ",".join(_named_days(part) for part in fields[4].split(","))
    trigger = CronTrigger.from_crontab(" ".join(fields), timezone=zone)
    if trigger.get_next_fire_time(None, datetime(2000, 1, 1, tzinfo=zone)) is None:
        raise ValueError(f"{line!r} names a day that never comes")
    return trigger


def _named_days(part: str) -> str:
    """One element of the day-of-week field, numbers turned into names; what holds none is left alone."""
    match = _NUMBERED.fullmatch(part)
    if match is None:
        return part
    first, last = int(match["first"]), int(match["last"] or match["first"])
    if not first <= last <= 7:
        raise ValueError(f"{part!r} is no range of days of the week, which go from 0 (Sunday) to 7 (Sunday)")
    return ",".join(_DAYS[first : last + 1 : int(match["step"] or 1)])
