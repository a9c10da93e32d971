"""Which checks there are, and what each is given."""

import asyncio
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from crawler.config.models import Config, Settings
from crawler.config.places import Place
from crawler.config.report import ConfigError
from crawler.doctor.folders import (
    check_config,
    check_data,
    check_disk_kind,
    check_passwords,
    check_room,
    check_size,
    newest_file_time,
)
from crawler.doctor.ledger import Ledger
from crawler.doctor.machine import check_clock, check_fonts, check_python, check_simulated, check_sqlite, check_zones
from crawler.doctor.model import Check, Finding, fault, note, ok
from crawler.doctor.network import check_certificates, check_proxies, check_resolver, trust
from crawler.doctor.rhythm import check_last_run, check_rhythm
from crawler.doctor.watched import check_contact, check_endpoints, check_sources, check_subscriptions, check_themes
from crawler.lock import holders_of, lock_file
from crawler.schedule.heartbeat import FILE as HEARTBEAT
from crawler.schedule.heartbeat import read_beat

_WRITTEN = ("presswatch.db", "presswatch.db-wal", "run.lock", "archive", "digests", HEARTBEAT)


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What is examined. What could not be found or read is None, and `unread` says why."""

    environ: Mapping[str, str]
    machine_now: datetime  # by the machine's clock
    now: datetime  # what presswatch lives at: --now may have moved it
    config_place: Place | None
    config: Config | None
    data: Place | None
    database: Path | None
    unread: ConfigError | None = None

    @property
    def settings(self) -> Settings:
        return self.config.settings if self.config else Settings()


def all_checks(found: Installation) -> list[Check]:
    """Every check that can be made of it without a request, in the order they are told."""
    ledger = Ledger(found.database)
    return [
        Check(name="python", examine=check_python),
        Check(name="sqlite", examine=check_sqlite),
        Check(name="config", examine=lambda: _config(found)),
        *(_of_data(found, found.data, ledger) if found.data else ()),
        Check(name="zones", examine=lambda: check_zones(_zones(found.config))),
        Check(name="certificates", examine=check_certificates),
        Check(name="resolver", examine=check_resolver),
        Check(name="proxy", examine=lambda: check_proxies(found.environ, found.config)),
        *(_of_config(found, found.config, ledger) if found.config else ()),
        Check(name="fonts", examine=check_fonts),
    ]


def _config(found: Installation) -> Iterator[Finding]:
    if found.config_place is not None:
        yield from check_config(found.config_place)
    if found.unread is not None:
        first, *faults = str(found.unread).splitlines()
        has_lines = all(one.line for one in found.unread.faults)
        advice = "put it right in the file and line that are named" if has_lines else "put right what is named"
        yield fault("config", first, advice, details=faults)
    elif found.config is not None:
        config = found.config
        counts = (len(config.sources), len(config.themes), len(config.subscriptions))
        yield ok("config", "read: {} sources, {} themes, {} subscriptions".format(*counts))
    if found.config_place is not None:
        yield from check_passwords(found.config_place.path)


def _of_data(found: Installation, place: Place, ledger: Ledger) -> list[Check]:
    folder = place.path
    return [
        Check(name="data", examine=lambda: check_data(place)),
        Check(name="disk", examine=lambda: _disk(folder, found.settings.min_free_mb)),
        Check(name="size", examine=lambda: check_size(folder, found.database)),
        Check(name="clock", examine=lambda: _clock(found, folder, ledger)),
    ]


def _disk(folder: Path, least_mb: int) -> Iterator[Finding]:
    kind = check_disk_kind(folder, _text_of(Path("/proc/mounts")))
    if kind is not None:
        yield kind
    yield check_room(folder, least_mb)


def _clock(found: Installation, folder: Path, ledger: Ledger) -> Iterator[Finding]:
    facts, written = ledger.facts, newest_file_time(folder, _WRITTEN)
    yield from check_clock(
        found.machine_now,
        found.now,
        facts.newest_live if facts else None,
        datetime.fromtimestamp(written, UTC) if written else None,
    )
    if facts is not None and facts.newest_simulated is not None:
        yield from check_simulated(found.now, facts.newest_simulated)


def _of_config(found: Installation, config: Config, ledger: Ledger) -> list[Check]:
    checks = [
        Check(name="contact", examine=lambda: check_contact(config)),
        *([Check(name="database", examine=ledger.check)] if found.data else []),
        Check(name="sources", examine=lambda: check_sources(config, ledger.facts)),
        Check(name="sources", examine=lambda: check_endpoints(config)),
        Check(name="themes", examine=lambda: check_themes(config, ledger.facts)),
        Check(name="subscriptions", examine=lambda: check_subscriptions(config, ledger.facts, found.now)),
    ]
    if found.data is not None:
        data = found.data.path
        checks.append(Check(name="runs", examine=lambda: _runs(found, config, data, ledger)))
    if config.settings.redis_url:
        checks.append(Check(name="redis", examine=lambda: _redis(config.settings.redis_url)))
    return checks


def _redis(url: str) -> Finding:
    # Here and not above: redis-py takes 0.2 s to import.
    from crawler.doctor.shared import check_redis  # noqa: PLC0415

    return check_redis(url)


def _runs(found: Installation, config: Config, data: Path, ledger: Ledger) -> Iterator[Finding]:
    holders = holders_of(lock_file(data, config.settings.database))
    yield from check_last_run(ledger.facts, holders, found.now)
    yield from check_rhythm(ledger.facts, read_beat(data), found.now)


def _zones(config: Config | None) -> Sequence[str]:
    if config is None:
        return [Settings().timezone]
    own = [item.timezone for item in config.subscriptions if item.timezone]
    return list(dict.fromkeys([config.settings.timezone, *own, *(source.timezone for source in config.sources)]))


def _text_of(file: Path) -> str:
    """What a file of the system holds; nothing where there is none."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def online_check(config: Config, route: str | None, trusted: Callable[[], ssl.SSLContext] = trust) -> Check:
    """Whether the hosts of the enabled sources can be reached; with a route nobody asks them."""

    def check() -> Sequence[Finding]:
        if route is not None:
            return [note("online", f"every request goes to {route}: no host is asked", "leave --route out to ask them")]
        # Here and not above: the guard takes 0.6 s to import, with Scrapy.
        from crawler.doctor.online import Prober, hosts_of, proxies_of  # noqa: PLC0415
        from crawler.visit_settings import address_guard  # noqa: PLC0415

        prober = Prober(address_guard(config, None), trusted())
        direct = [source for source in config.enabled_sources if not config.proxy_of(source.name)]
        return asyncio.run(prober.check((*hosts_of(direct), *proxies_of(config))))

    return Check(name="online", examine=check)
