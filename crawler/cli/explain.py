"""presswatch explain: why an article is kept, folded or lost."""

import click

from crawler.cli.app import App, NotFoundError, print_document, with_app
from crawler.text import one_line
from crawler.tombstones import Tombstone
from pipelines.archive.explain import Explanation
from pipelines.archive.explain import explain as look_up
from pipelines.archive.explain_text import candidates_text, explanation_text, forgotten_text


@click.command()
@click.argument("query")
@with_app
def explain(app: App, *, query: str) -> None:
    """Say why an article is kept, folded or lost. QUERY is its URL, key, title or part of that, or entry id."""
    with app.existing_database.read() as connection:
        found = look_up(connection, query)
    if not found:
        raise NotFoundError(
            f"nothing is known of {query}; try its whole URL, another part of its title, "
            "or presswatch crawl SOURCE if it has just appeared"
        )
    if app.json:
        print_document(found)
    elif isinstance(found, Explanation):
        click.echo(explanation_text(found, app.config.settings.zone))
        source = app.config.source(found.source)
        if source is not None and not source.enabled:
            click.echo(f"来源已停用：{one_line(source.disabled_because) or '未写原因'}")
    elif isinstance(found, Tombstone):
        click.echo(forgotten_text(found, app.config.settings.zone))
    else:
        click.echo(candidates_text(found))
