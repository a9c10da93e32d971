"""presswatch search: which stored articles hold these words."""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from crawler.cli.app import App, NotFoundError, print_document, with_app
from crawler.cli.checks import check_day
from crawler.cli.near import nearest
from crawler.database import Database, StorageError
from crawler.items import Origin
from pipelines.search.answer import PLAIN, TERMINAL, answer_text
from pipelines.search.find import search as find
from pipelines.search.find import stored_sources, stored_themes
from pipelines.search.index import catch_up, count_missing
from pipelines.search.model import Filters, Order, Search
from pipelines.search.query import QueryError, parse

_ORIGINS = click.Choice([origin.value for origin in Origin])
_ORDERS = click.Choice([order.value for order in Order])


_EXCLUDES = re.compile(r"[-－−][^\sA-Za-z0-9-]")


class SearchCommand(click.Command):
    """A minus before a word that begins no option (-足球, -"减速器") excludes it, quoted for the shell or not."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        excluding = [word for word in args if _EXCLUDES.match(word)]
        rest = [word for word in args if not _EXCLUDES.match(word)]
        return super().parse_args(ctx, [*rest, "--", *excluding] if excluding else rest)


@click.command(cls=SearchCommand)
@click.argument("query", nargs=-1, required=True)
@click.option("--source", "sources", multiple=True, metavar="NAME", help="Of this source; may be given again.")
@click.option("--theme", "themes", multiple=True, metavar="NAME", help="On this theme; may be given again.")
@click.option("--origin", "origins", multiple=True, type=_ORIGINS, help="Come to us that way; may be given again.")
@click.option("--since", metavar="YYYY-MM-DD", help="Published (where that is unknown: kept) on that day or later.")
@click.option("--until", metavar="YYYY-MM-DD", help="Published (where that is unknown: kept) on that day or before.")
@click.option("--off-theme", is_flag=True, help="Those that no theme takes as well.")
@click.option("--copies", "every_copy", is_flag=True, help="Each copy by itself, not one hit for all of them.")
@click.option(
    "--sort", "order", type=_ORDERS, default=Order.RELEVANCE.value, show_default=True, help="What comes first."
)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="Hits to show.")
@with_app
def search(app: App, /, *, query: tuple[str, ...], order: str, every_copy: bool, limit: int, **filters: Any) -> None:
    """Find articles: all words of QUERY occur in title or text.

    A Chinese word is found inside any other, a Latin one as a whole word; traditional and simplified characters, full
    and half width, capitals and small letters are alike. Quotes make a phrase, a minus excludes, and the shell wants
    both in single quotes: presswatch search '"人形机器人" DeepSeek -足球'. What its source took away is not found.
    """
    database = app.existing_database
    asked = Search(
        query=checked_query(query),
        filters=checked_filters(app, database, **filters),
        order=Order(order),
        every_copy=every_copy,
        limit=limit,
    )
    complete_index(database)
    with database.read() as connection:
        found = find(connection, asked)
    if app.json:
        print_document(found)
    else:
        click.echo(answer_text(found, app.config, TERMINAL if sys.stdout.isatty() else PLAIN, app.language))


def checked_query(words: Sequence[str]) -> str:
    """
    Raises:
        click.UsageError: there is nothing to look for in them.
    """
    text = " ".join(words)
    try:
        parse(text)
    except QueryError as error:
        raise click.UsageError(str(error)) from error
    return text


def checked_filters(
    app: App, database: Database, *, sources: Sequence[str], themes: Sequence[str], origins: Sequence[str], **more: Any
) -> Filters:
    """
    Raises:
        NotFoundError: neither the configuration nor the archive knows a source or theme of that name.
        click.UsageError: --since or --until is no day, or no day lies between them.
    """
    config = app.config
    with database.read() as connection:
        check_names("source", sources, [item.name for item in config.sources], lambda: stored_sources(connection))
        check_names("theme", themes, [item.name for item in config.themes], lambda: stored_themes(connection))
    since, until = check_day("--since", more["since"]), check_day("--until", more["until"])
    if since is not None and until is not None and since > until:
        raise click.UsageError(f"--since {since} lies after --until {until}: no day is between them")
    return Filters(
        zone=config.settings.zone,
        sources=tuple(sources),
        themes=tuple(themes),
        origins=tuple(map(Origin, origins)),
        since=since,
        until=until,
        off_theme=more["off_theme"],
    )


def check_names(
    kind: str, asked: Iterable[str], configured: Sequence[str], stored: Callable[[], Sequence[str]]
) -> None:
    """
    Raises:
        NotFoundError: a name that is neither configured nor stored, as those of former sources and of seeds are.
    """
    for name in asked:
        if name not in configured and name not in (found := stored()):
            known = list(dict.fromkeys([*configured, *found]))
            raise NotFoundError(f"no {kind} is named {name}; {nearest(name, known)}")


def complete_index(database: Database) -> None:
    """Index what an upgrade left out. Without that, what is indexed can be searched, and the rest is told of."""
    with database.read() as connection:
        missing = count_missing(connection)
    if not missing:
        return
    click.echo(f"{missing} articles are not in the search index yet; indexing them, once", err=True)
    database.wait_no_more()  # a person waits for the answer
    try:
        catch_up(database)
    except StorageError as error:
        click.echo(f"they cannot be indexed now and are not searched: {error}", err=True)
