"""What is watched and for whom: sources, themes, subscriptions. By the configuration and what the ledger knows."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from crawler.config.contact import why_no_contact
from crawler.config.models import Config, Endpoint, Source, Subscription
from crawler.doctor.ledger import LedgerFacts
from crawler.doctor.model import Finding, fault, listed, note, ok, warning
from crawler.text import one_line
from pipelines.health.cuts import GRACE, Outlook, outlook


def check_contact(config: Config) -> Finding:
    why = why_no_contact(config.settings.contact)
    if not why:
        return ok("contact", "publishers are told whom to write to")
    told = "contact is empty" if not config.settings.contact else "contact is of no use to a publisher"
    return fault("contact", f"{told}: no live run starts; {why}", f"set it in {config.folder / 'presswatch.yaml'}")


def check_sources(config: Config, facts: LedgerFacts | None) -> Iterator[Finding]:
    """Which are enabled, which never proved themselves, whose terms nobody read, which are switched off and why."""
    place, enabled = config.folder / "sources", config.enabled_sources
    if not enabled:
        yield warning("sources", f"none is enabled in {place}", "set enabled: true in the file of one")
    else:
        yield ok("sources", f"{len(enabled)} enabled in {place}", *(source.name for source in enabled))
    unproven = [source.name for source in enabled if facts is not None and source.name not in facts.proven]
    if unproven:
        told = f"no live run has polled {listed(unproven)}: they are unproven"
        yield note("sources", told, f"presswatch crawl {unproven[0]}, and look at what it brings", details=unproven)
    unread = [source for source in enabled if source.terms.read is None]
    if unread:
        told = f"the terms of {listed([source.name for source in unread])} are unread"
        todo = "read them, and set terms.read to the day in the source's file"
        yield note("terms", told, todo, details=[f"{item.name} {item.terms.url}".strip() for item in unread])
    off = [source for source in config.sources if not source.enabled]
    if off:
        reasons = [f"{item.name}: {one_line(item.disabled_because).strip() or 'no reason is given'}" for item in off]
        yield note("sources", f"switched off: {listed([item.name for item in off])}", details=reasons)


def check_endpoints(config: Config) -> Iterator[Finding]:
    """What two enabled sources ask alike: each article would belong to whichever comes first."""
    askers: dict[str, list[str]] = defaultdict(list)
    for source in config.enabled_sources:
        for endpoint in source.endpoints:
            askers[_asked(endpoint)].append(source.name)
    for asked, names in askers.items():
        if len(names) > 1:
            told = f"{' and '.join(names)} both poll {json.loads(asked)[0]}"
            yield warning("sources", told, "take it out of one of them, or switch one off")


def _asked(endpoint: Endpoint) -> str:
    return json.dumps([endpoint.url, endpoint.post_json, endpoint.post_form], sort_keys=True, default=dict)


def check_themes(config: Config, facts: LedgerFacts | None) -> Iterator[Finding]:
    seedless = [theme.name for theme in config.themes if not theme.seeds]
    if seedless:
        told = f"no seed shows what is meant by {listed(seedless)}"
        yield note("themes", told, "name articles under seeds in themes.yaml", details=seedless)
    if facts is not None and not facts.seeds:
        yield note("themes", "no seed article is stored: verdicts go by words alone", "presswatch seeds import DIR")
    elif facts is not None:
        yield ok("themes", f"{len(config.themes)} themes, {facts.seeds} seed articles stored")


def check_subscriptions(config: Config, facts: LedgerFacts | None, now: datetime) -> Iterator[Finding]:
    """What each waits for in vain, and which digest is late."""
    if not config.subscriptions:
        yield note("subscriptions", "there is none: no digest is made", "add one to subscriptions.yaml")
    for subscription in config.subscriptions:
        off = _switched_off(config, subscription)
        if off:
            told = f"{subscription.name} wants {listed(off)}, switched off"
            yield warning("subscriptions", told, "set enabled: true there, or take the name out of subscriptions.yaml")
    if config.subscriptions and facts is not None:
        seen = {item.name: outlook(config, item, facts.digests, now) for item in config.subscriptions}
        yield from _timing(seen)


def _timing(seen: Mapping[str, Outlook]) -> Iterator[Finding]:
    """Which digests should be there and are not, and which were made by a wrong clock."""
    ahead = [f"{name} (of {item.last.date})" for name, item in seen.items() if item.last and item.is_ahead]
    if ahead:
        told = f"the last digest of {listed(ahead)} was cut in the future: the clock was wrong then, or is now"
        todo = "set the clock right if it is wrong; digests go on at that day, or after presswatch archive date-back"
        yield warning("subscriptions", told, todo)
    late = [name for name, item in seen.items() if item.is_late]
    if late:
        told = f"the digest of {listed(late)} is late by more than {GRACE // timedelta(hours=1)} h"
        yield warning("subscriptions", told, "presswatch digest issues it; is cron running, with --then-digest?")
    if not ahead and not late:
        yield ok("subscriptions", f"{listed(list(seen))}: no digest is late")


def _switched_off(config: Config, subscription: Subscription) -> Sequence[str]:
    if subscription.sources == "all":
        return ()
    sources: list[Source | None] = [config.source(name) for name in subscription.sources]
    return [source.name for source in sources if source is not None and not source.enabled]
