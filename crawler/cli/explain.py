"""presswatch explain: why an article is kept, folded or lost."""

import click

from crawler.cli.app import App, NotFoundError, print_document, with_app
from pipelines.archive.explain_answer import Answer
from pipelines.archive.explain_answer import answer as look_up
from pipelines.archive.explain_text import Voice


@click.command()
@click.argument("query")
@with_app
def explain(app: App, *, query: str) -> None:
    """Say why an article is kept, folded or lost. QUERY is its URL, key, title or part of that, or entry id."""
    query = app.config.secrets.conceal.text(query)  # an address is stored without the secret in it
    with app.existing_database.read() as connection:
        found = look_up(connection, app.config, query, app.clock.now())
    if found.is_empty:
        raise NotFoundError(
            f"nothing is known of {query}; try its whole URL, another part of its title, "
            "or presswatch crawl SOURCE if it has just appeared"
        )
    if app.json:
        print_document(found)
    else:
        click.echo(text_of(app, found))


def text_of(app: App, found: Answer) -> str:
    voice = Voice(language=app.language, zone=app.config.settings.zone)
    if found.forgotten is not None:
        return voice.forgotten(found.forgotten)
    if found.article is None:
        return voice.candidates(found.candidates, command=app.command_line("explain"))
    text = voice.explanation(found.article, found.waiting)
    return text if found.source_disabled is None else f"{text}\n{voice.disabled(found.source_disabled)}"
