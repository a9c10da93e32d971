"""The one place where the time comes from."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest

from crawler.clock import RealClock, ShiftedClock, VirtualClock, Wait

START = datetime(2025, 3, 3, 8, 0, tzinfo=timezone(timedelta(hours=8)))
HOUR = timedelta(hours=1)


def wait(clock, moment, reason="pace"):
    asyncio.run(clock.wait_until(moment, reason))


def test_a_virtual_clock_stands_still():
    clock = VirtualClock(START)
    assert clock.now() == clock.now() == START


def test_a_virtual_clock_tells_utc():
    assert VirtualClock(START).now().isoformat() == "2025-03-03T00:00:00+00:00"


def test_a_clock_needs_a_zone():
    with pytest.raises(ValueError, match="a time with a zone, got 2025-03-03T08:00:00"):
        VirtualClock(START.replace(tzinfo=None))


def test_waiting_moves_a_virtual_clock_and_is_recorded():
    clock = VirtualClock(START)
    wait(clock, START + HOUR, "Retry-After")
    assert clock.now() == START + HOUR
    assert clock.waits == [Wait(asked_at=START, until=START + HOUR, reason="Retry-After")]


@pytest.mark.parametrize("late", [timedelta(0), HOUR], ids=["now", "past"])
def test_a_moment_that_has_come_is_not_waited_for(late):
    clock = VirtualClock(START)
    wait(clock, START - late)
    assert clock.now() == START
    assert clock.waits == []


def test_a_virtual_clock_never_goes_back():
    clock = VirtualClock(START)
    clock.move_to(START - HOUR)
    assert clock.now() == START
    clock.move_by(HOUR)
    assert clock.now() == START + HOUR


def test_two_waits_at_once_end_at_the_later_moment():
    clock = VirtualClock(START)

    async def both():
        await asyncio.gather(clock.wait_until(START + 2 * HOUR, "a"), clock.wait_until(START + HOUR, "b"))

    asyncio.run(both())
    assert clock.now() == START + 2 * HOUR


def test_a_shifted_clock_goes_on_from_its_start_and_really_waits(monkeypatch):
    ticks, slept = iter([100.0, 107.0, 108.0, 108.0]), []

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr("crawler.clock.time", SimpleNamespace(monotonic=lambda: next(ticks)))
    monkeypatch.setattr(asyncio, "sleep", sleep)
    clock = ShiftedClock(START)
    assert clock.now() == START + timedelta(seconds=7)
    asyncio.run(clock.wait_until(START + timedelta(seconds=20), "pace"))
    assert slept == [12.0]


def test_the_real_clock_is_aware_and_in_utc():
    assert RealClock().now().tzinfo is UTC


def test_the_real_clock_sleeps_what_is_left(monkeypatch):
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    clock = RealClock()
    wait(clock, clock.now() + HOUR)
    wait(clock, clock.now() - HOUR)
    assert slept == [pytest.approx(3600, abs=60)]
