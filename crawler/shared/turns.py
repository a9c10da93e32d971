"""Turns at a host between all processes that share a Redis server. One hash a host, changed by scripts alone."""

import secrets
from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis

from crawler.fetch.turns import Reply
from crawler.polling import LONGEST_RETRY_AFTER
from crawler.shared.link import Link
from crawler.shared.server import PREFIX

# Times are milliseconds of Unix time by the clocks of those who ask: what a host is left alone until is a time of day,
# and the runs of tests live by clocks of their own. Machines that share a server keep their clocks right to well below
# the shortest pause. A time that no right clock can
# have written is put right by whoever finds it, so that one clock that was ahead stops nobody for long.
_TAKE = """
local host, me = KEYS[1], ARGV[1]
local now, delay, longest, alone = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5] == '1'
local kept, longest_hold = ARGV[6], tonumber(ARGV[7])
local function known(name, latest)
    local time = tonumber(redis.call('HGET', host, name) or '0')
    if time <= latest then return time end
    redis.call('HSET', host, name, string.format('%d', latest))
    return latest
end

local not_before = known('not_before', now + longest_hold)
if not_before > now then return {0, not_before} end

local taken_until = known('taken_until', now + longest)
if taken_until > now and redis.call('HGET', host, 'taken_by') ~= me then
    -- Whoever looks again after the pause is not late: the pause counts from the end of the answer.
    return {math.min(taken_until - now, math.max(delay, 100)), 0}
end

local wait = known('last', now) + delay - now
if wait > 0 then return {wait, 0} end

redis.call('HSET', host, 'last', ARGV[2])
if alone then redis.call('HSET', host, 'taken_by', me, 'taken_until', string.format('%d', now + longest)) end
if redis.call('PTTL', host) < tonumber(kept) then redis.call('PEXPIRE', host, kept) end
return {0, 0}
"""

_END = """
local host, me, now = KEYS[1], ARGV[1], ARGV[2]
if redis.call('HGET', host, 'taken_by') == me then redis.call('HDEL', host, 'taken_by', 'taken_until') end
redis.call('HSET', host, 'last', now)
if redis.call('PTTL', host) < tonumber(ARGV[3]) then redis.call('PEXPIRE', host, ARGV[3]) end
"""

_HOLD = """
local host, before = KEYS[1], ARGV[1]
if tonumber(redis.call('HGET', host, 'not_before') or '0') < tonumber(before) then
    redis.call('HSET', host, 'not_before', before)
end
redis.call('PEXPIRE', host, ARGV[2])
"""

# No pause between two requests is longer than LONGEST_CRAWL_DELAY, and no wish to be left alone than this.
_KEPT = timedelta(hours=1)
_KEPT_HELD = LONGEST_RETRY_AFTER + _KEPT


class RedisTurns:
    """The port `crawler.fetch.turns.Turns`.

    Args:
        link: to the server.
        space: what the host's keys begin with.
        longest: that one answer may take. Whoever took a turn alone and died is waited for no longer.
    """

    def __init__(self, link: Link, *, space: str = PREFIX, longest: timedelta) -> None:
        self._link = link
        self._space = space
        self._longest = longest
        self._me = secrets.token_hex(8)
        self._take = link.client.register_script(_TAKE)
        self._end = link.client.register_script(_END)
        self._hold = link.client.register_script(_HOLD)

    async def take(self, host: str, *, now: datetime, delay: timedelta, alone: bool) -> Reply:
        spans = map(_milliseconds, (delay, self._longest))
        longest_hold = _milliseconds(LONGEST_RETRY_AFTER)
        values: list[str | int] = [self._me, _at(now), *spans, int(alone), _milliseconds(_KEPT), longest_hold]

        async def call(client: Redis) -> list[int]:
            answer: list[int] = await self._take(keys=[self._key(host)], args=values)
            return answer

        wait, not_before = await self._link.ask(call, [0, 0])
        return Reply(
            wait=timedelta(milliseconds=wait),
            not_before=datetime.fromtimestamp(not_before / 1000, UTC) if not_before else None,
        )

    async def end(self, host: str, *, now: datetime) -> None:
        async def call(client: Redis) -> None:
            await self._end(keys=[self._key(host)], args=[self._me, _at(now), _milliseconds(_KEPT)])

        await self._link.ask(call, None)

    def hold(self, host: str, *, now: datetime, until: datetime) -> None:
        until = min(until, now + LONGEST_RETRY_AFTER)

        async def call(client: Redis) -> None:
            await self._hold(keys=[self._key(host)], args=[_at(until), _milliseconds(_KEPT_HELD)])

        self._link.send(self._link.ask(call, None))

    def _key(self, host: str) -> str:
        return f"{self._space}:host:{host}"


def _at(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _milliseconds(span: timedelta) -> int:
    return -(-span // timedelta(milliseconds=1))
