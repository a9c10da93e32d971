"""A crash told apart from others, made as small as it gets, and written down."""

import hashlib
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fuzz.target import Target
from fuzz.watch import HangError, limited_time

_ROUNDS = 4


@dataclass(frozen=True, kw_only=True)
class Crash:
    where: str  # the innermost places of the code; crashes with the same are one
    says: str
    data: bytes = field(repr=False)


def crash_of(target: Target, data: bytes) -> Crash | None:
    """What goes wrong with these bytes, or None."""
    try:
        with limited_time():
            target.try_with(data)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the crash
        return Crash(where=_place(error), says=f"{type(error).__name__}: {error}"[:400], data=data)
    return None


def _place(error: BaseException) -> str:
    if isinstance(error, HangError | RecursionError):
        return type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    inner = [f"{Path(frame.filename).name}:{frame.name}" for frame in frames[-3:]]
    return f"{type(error).__name__} in {' < '.join(reversed(inner))}"


def smallest(target: Target, crash: Crash) -> Crash:
    """The same crash with as few bytes as taking pieces away leaves."""
    data = crash.data
    for _ in range(_ROUNDS):
        before = data
        size = max(1, len(data) // 2)
        while size:
            data = _without_pieces(data, size, lambda rest: _same(target, rest, crash))
            size //= 2
        if data == before:
            break
    return Crash(where=crash.where, says=crash.says, data=data)


def _without_pieces(data: bytes, size: int, still: Callable[[bytes], bool]) -> bytes:
    at = 0
    while at < len(data):
        rest = data[:at] + data[at + size :]
        if still(rest):
            data = rest
        else:
            at += size
    return data


def _same(target: Target, data: bytes, crash: Crash) -> bool:
    found = crash_of(target, data)
    return found is not None and found.where == crash.where


class CrashBook:
    """The crashes of one target, one file each: the first of its kind as it was found."""

    def __init__(self, target: Target, folder: Path) -> None:
        self._target = target
        self._folder = folder
        self._known: set[str] = set()

    def try_with(self, data: bytes) -> None:
        crash = crash_of(self._target, data)
        if crash is None or crash.where in self._known:
            return
        self._known.add(crash.where)
        self._folder.mkdir(parents=True, exist_ok=True)
        small = crash if crash.where == HangError.__name__ else smallest(self._target, crash)
        name = f"{self._target.name}-{hashlib.sha256(crash.where.encode()).hexdigest()[:12]}"
        (self._folder / name).write_bytes(small.data)
        (self._folder / f"{name}.txt").write_text(_report(self._target, small, self._folder / name), encoding="utf-8")


def _report(target: Target, crash: Crash, path: Path) -> str:
    shown = f"    {crash.data!r}\n" if len(crash.data) < 500 else f"    its bytes are in {path}\n"
    says = crash.says.encode("utf-8", "backslashreplace").decode()
    return (
        f"target     {target.name}\n"
        f"exception  {says}\n"
        f"where      {crash.where}\n"
        f"bytes      {len(crash.data)}\n{shown}"
        f"Mend the parser, then add the row to tests/test_fuzz_crashes.py:\n"
        f'    ("{target.name}", {crash.data[:60]!r}…, …)\n'
    )
