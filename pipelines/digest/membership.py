"""What each digest of a subscription tells of the stored articles, so that over all of them each is told once. Pure.

No list is kept of what was sent. It follows from the cuts: the digests are gone through from the first one on, by the
same rules. (So a subscription that is given other themes or sources is taken to have had them from the beginning.)
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

_OLD_ARTICLES = 5  # of what an endpoint's first poll brought, the digests list the newest


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A kept article or a copy, as far as membership depends on it."""

    entry: int
    group: int  # the entry all its copies name as their representative; its own when it is no copy
    endpoint: int
    kept_at: datetime
    dated: datetime
    backlog: bool
    is_wanted: bool  # by the subscription, for its own source and themes

    @property
    def is_copy(self) -> bool:
        return self.group != self.entry


@dataclass(frozen=True, kw_only=True)
class Period:
    cut_from: datetime  # exclusive
    cut_to: datetime  # inclusive


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one digest tells, by entries."""

    folded: dict[int, tuple[int, ...]]  # each line → the copies told under it
    further: dict[int, tuple[int, ...]]  # a line of an earlier digest → its copies of this period
    omitted: tuple[int, ...]  # wanted, and too many to list


def told_by_each(rows: Iterable[Stored], periods: Sequence[Period]) -> tuple[Told, ...]:
    """What the digest of each period tells. The periods are in order and do not overlap."""
    ordered = sorted(rows, key=lambda row: row.kept_at)
    times = [row.kept_at for row in ordered]
    lines: dict[int, int] = {}
    room: dict[int, int] = defaultdict(lambda: _OLD_ARTICLES)
    return tuple(
        _told(ordered[bisect_right(times, period.cut_from) : bisect_right(times, period.cut_to)], lines, room)
        for period in periods
    )


def _told(rows: Iterable[Stored], lines: dict[int, int], room: dict[int, int]) -> Told:
    """One digest. Adds its lines to `lines` (group → entry), takes the old ones from `room` (endpoint → how many)."""
    groups: dict[int, list[Stored]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.is_copy, row.kept_at, row.entry)):
        groups[row.group].append(row)
    further = {lines[name]: tuple(row.entry for row in members) for name, members in groups.items() if name in lines}
    wanted = {name: [row for row in members if row.is_wanted] for name, members in groups.items() if name not in lines}
    chosen = _chosen(wanted, room)
    lines.update(chosen)
    return Told(
        folded={
            line: tuple(row.entry for row in groups[name] if row.is_copy and row.entry != line)
            for name, line in chosen.items()
        },
        further=further,
        # Where a copy is the line because its original was omitted, the original still counts as that.
        omitted=tuple(
            row.entry
            for name, members in wanted.items()
            for row in members
            if name not in chosen or not (row.is_copy or row.entry == chosen[name])
        ),
    )


def _chosen(wanted: Mapping[int, Sequence[Stored]], room: dict[int, int]) -> dict[int, int]:
    """The line of each group: its first article, unless that is omitted, then the first that is no old one."""
    listed = _listed_old_ones([members[0] for members in wanted.values() if members], room)
    chosen = {}
    for name, members in wanted.items():
        line = next((row.entry for row in members if not row.backlog or row.entry in listed), None)
        if line is not None:
            chosen[name] = line
    return chosen


def _listed_old_ones(candidates: Iterable[Stored], room: dict[int, int]) -> set[int]:
    listed = set()
    for row in sorted(candidates, key=lambda row: row.dated, reverse=True):
        if row.backlog and room[row.endpoint] > 0:
            room[row.endpoint] -= 1
            listed.add(row.entry)
    return listed
