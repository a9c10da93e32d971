"""presswatch forget: an article, removed for good."""

import shlex
import sys
from collections.abc import Collection, Iterator
from datetime import tzinfo
from typing import Any

import click
from sqlalchemy.exc import NoResultFound

from crawler.captures.members import NotByRecordError
from crawler.cli.app import App, FailedError, NotFoundError, print_document, with_app
from crawler.cli.lock import locked
from crawler.database import StorageError
from crawler.items import Origin
from crawler.text import one_line
from crawler.tombstones import Tombstone
from pipelines.archive.explain_text import Voice
from pipelines.archive.lookup import candidates, find, find_at, find_exactly, find_own, grave_of, keys_named_by
from pipelines.archive.removal import Remains, remains_of
from pipelines.forget import Done, Forgetting


@click.command()
@click.argument("query", metavar="URL|KEY|ID")
@click.option("--reason", required=True, metavar="TEXT", help="Kept with the tombstone, and told by explain.")
@click.option("--yes", is_flag=True, help="Do not ask; needed where there is no terminal.")
@with_app
def forget(app: App, *, query: str, reason: str, yes: bool) -> None:
    """Remove an article for good: rows, versions, file, search index, captures, and its lines in issued digests.

    A tombstone stays, which holds hashes of its keys, the time and the reason: it will not be taken in again. What was
    never seen gets one too. Killed in between, the same command finishes. An ID alone is taken only where it is asked
    for: it is given to another article once its own is forgotten.
    """
    if not reason.strip():
        raise click.UsageError("--reason expects a few words, got none: explain tells them to whoever asks")
    if not yes and not is_terminal():
        raise click.UsageError("there is no terminal to ask on: add --yes to forget without being asked")
    query = app.config.secrets.conceal.text(query)  # an address is stored without the secret in it
    remains, grave = look_up(app, query)
    if yes and remains is not None and query.strip().isdigit():
        key = shlex.quote(remains.key)
        raise click.UsageError(one_line(f"{query} may be another article's by now: with --yes give its key, {key}"))
    if not yes:
        click.confirm(question(query, remains, grave, app.config.settings.zone), abort=True, err=True)
    with locked(app):
        done = carry_out(app, query, remains, reason.strip())
    if app.json:
        print_document(document(remains, grave, done))
    else:
        click.echo(one_line(told(query, remains, grave, done, app.config.settings.zone)))
        for line in (*orphans(done), *copies(done), *hints(remains, done)):
            click.echo(one_line(line))


def is_terminal() -> bool:
    return sys.stdin.isatty()


def look_up(app: App, query: str) -> tuple[Remains | None, Tombstone | None]:
    """What the query names as its own; the tombstone of what was forgotten before.

    Raises:
        NotFoundError: it is a title, an address that another one led to, or names nothing that could be remembered as
            forgotten.
    """
    with app.existing_database.read() as connection:
        found = find_own(connection, query)
        grave = None if found else grave_of(connection, query)
        if grave is not None:
            return None, grave  # not what is found at its address: that is another article
        found = found or find_at(connection, query)
        if len(found) == 1:
            return remains_of(connection, found[0]), None
        is_address = bool(keys_named_by(query))
        # Who led there, or has it in its title, may be another article: what cannot be undone is asked for by its id.
        found = found or (find_exactly(connection, query) if is_address else find(connection, query))
        if not found and is_address:
            return None, None
        listed = candidates(connection, found)
    if listed:
        voice = Voice(language=app.language, zone=app.config.settings.zone)
        raise NotFoundError(voice.candidates(listed, command=app.command_line("forget")))
    raise NotFoundError(f"nothing is known of {query}; give its whole URL, its key or its entry id")


def carry_out(app: App, query: str, remains: Remains | None, reason: str) -> Done:
    """
    Raises:
        FailedError: a file cannot be read or removed, or somebody else has forgotten it since it was asked for.
    """
    forgetting = Forgetting(app.existing_database, app.data, app.config)
    try:
        if remains is None:
            return forgetting.address(keys_named_by(query), reason=reason, now=app.clock.now)
        return forgetting.article(remains.key, reason=reason, now=app.clock.now)
    except NoResultFound as error:
        raise FailedError("another process has just forgotten it") from error
    except (OSError, NotByRecordError, StorageError) as error:
        cause = f"{error.filename}: {error.strerror or error}" if isinstance(error, OSError) else str(error)
        raise FailedError(f"not all could be removed ({cause}); see to that, and forget it again to finish") from error


def question(query: str, remains: Remains | None, grave: Tombstone | None, zone: tzinfo) -> str:
    if grave is not None:
        return one_line(f"{query} was {_forgotten(grave, zone)}. Remove what may be left of it?")
    if remains is None:
        return one_line(f"{query} is not known. See to it that it never will be?")
    outcome = remains.outcome or "pending"
    return one_line(f"Forget entry {remains.entry} of {remains.source} ({outcome}), {remains.title}, for good?")


def told(query: str, remains: Remains | None, grave: Tombstone | None, done: Done, zone: tzinfo) -> str:
    if remains is not None:
        return f"forgotten: entry {remains.entry} of {remains.source}, with {_sum(remains, done)}"
    if grave is not None:
        return f"{query} was {_forgotten(grave, zone)} already; nothing more is left of it"
    return f"{query} was never seen; it will not be taken in"


def _forgotten(grave: Tombstone, zone: tzinfo) -> str:
    return f"forgotten on {grave.forgotten.astimezone(zone):%Y-%m-%d}"


def _sum(remains: Remains, done: Done) -> str:
    counts = {
        "versions": remains.versions,
        "files": len(done.files),
        "captures": done.captures,
        "digests made again": len(done.digests.reissued),
    }
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def orphans(done: Done) -> Iterator[str]:
    yield from (f"digests/{path} is removed: no subscription makes it again" for path in done.digests.removed)
    yield from (f"digests/{path} names it and is none of our digests: see to it yourself" for path in done.digests.left)


def copies(done: Done) -> Iterator[str]:
    yield from (f"{path} is removed: the database as it was before a migration" for path in done.safety_copies)


def hints(remains: Remains | None, done: Done) -> Iterator[str]:
    """What is not ours to remove."""
    if remains is not None and remains.origin == Origin.SEED.value:
        yield "it is a seed: delete the file it was imported from as well, or it is refused at the next import"
    if remains is not None and remains.twins:
        yield f"copies of it stay, forget them too if they are meant: entries {_listed(remains.twins)}"
    if not done.scrubbed:
        yield "another process reads the database: until it ends, the log beside it holds what was removed"
    yield "backups made before now still hold it, and captured pages of other articles may link to it"


def _listed(entries: Collection[int]) -> str:
    return ", ".join(map(str, entries))


def document(remains: Remains | None, grave: Tombstone | None, done: Done) -> dict[str, Any]:
    return {
        "entry": remains.entry if remains else None,
        "was_known": remains is not None,
        "already_forgotten": grave.forgotten if grave else None,
        "versions": remains.versions if remains else 0,
        "files": done.files,
        "captures": done.captures,
        "digests": done.digests,
        "safety_copies": done.safety_copies,
        "run": done.run,
        "twins": remains.twins if remains else (),
        "scrubbed": done.scrubbed,
        "hints": list(hints(remains, done)),
    }
