"""What a check says, and how checks are run."""

import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Grade(StrEnum):
    """How bad it is, best first."""

    OK = "ok"
    NOTE = "note"  # nothing is wrong; worth knowing
    WARNING = "warning"  # it runs, and not as it should
    FAULT = "fault"  # it does not run, or what it stores cannot be relied on

    @property
    def rank(self) -> int:
        return list(Grade).index(self)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of what was found, and one of what to do."""

    check: str  # the check's name
    grade: Grade
    found: str  # which value, in which place; never what a secret holds
    todo: str = ""  # empty when nothing is to be done
    details: tuple[str, ...] = ()  # all of what `found` counts


@dataclass(frozen=True, kw_only=True)
class Check:
    name: str
    examine: Callable[[], Iterable[Finding] | Finding]


def examine(checks: Sequence[Check]) -> tuple[Finding, ...]:
    """Run each check. One that breaks is a fault of its own and keeps no other from running."""
    return tuple(finding for check in checks for finding in _findings(check))


def _findings(check: Check) -> tuple[Finding, ...]:
    try:
        found = check.examine()
        return (found,) if isinstance(found, Finding) else tuple(found)
    except Exception as error:  # noqa: BLE001  # whatever it is, the other checks are wanted all the more
        # Not its message: that may quote a value which is a secret.
        [*_, frame] = traceback.extract_tb(error.__traceback__)
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        told = f"the check itself broke: {type(error).__name__} in {place}"
        return (Finding(check=check.name, grade=Grade.FAULT, found=told, todo="report it with this line"),)


def ok(check: str, found: str, *details: str) -> Finding:
    return Finding(check=check, grade=Grade.OK, found=found, details=details)


def note(check: str, found: str, todo: str = "", *, details: Iterable[str] = ()) -> Finding:
    return Finding(check=check, grade=Grade.NOTE, found=found, todo=todo, details=tuple(details))


def warning(check: str, found: str, todo: str, *, details: Iterable[str] = ()) -> Finding:
    return Finding(check=check, grade=Grade.WARNING, found=found, todo=todo, details=tuple(details))


def fault(check: str, found: str, todo: str, *, details: Iterable[str] = ()) -> Finding:
    return Finding(check=check, grade=Grade.FAULT, found=found, todo=todo, details=tuple(details))


def listed(names: Sequence[str], most: int = 6) -> str:
    """The names, or the first of them and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
