"""presswatch digest: issue what is due, print what was issued last, or check that all is well with it."""

import sys
from datetime import date, datetime

import click
from rich.console import Console
from rich.markdown import Markdown
from sqlalchemy import select

from crawler.cli.app import App, NotFoundError, print_document, with_app
from crawler.cli.near import nearest
from crawler.config.models import Subscription
from crawler.tables import run
from pipelines.digest.all_due import issue_all_due
from pipelines.digest.check import faults_of
from pipelines.digest.issue import (
    IssuedDigest,
    issue_due,
    issued_dates,
    latest,
    not_before_the_last_run,
    preview,
    reissue,
)
from pipelines.digest.render import Format


def _checked_day(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """A day of the calendar as digests are named by it."""
    try:
        is_day = value is None or date.fromisoformat(value).isoformat() == value
    except ValueError:
        is_day = False
    if not is_day:
        raise click.BadParameter(f"{value!r} is no day of the calendar; write it as YYYY-MM-DD", context, parameter)
    return value


@click.command()
@click.option(
    "--subscription",
    "name",
    metavar="NAME",
    help="This one alone; else all that are due are issued and the first in subscriptions.yaml is shown.",
)
@click.option(
    "--date",
    "day",
    metavar="YYYY-MM-DD",
    callback=_checked_day,
    help="Issue the digest of that date again, by its stored cuts.",
)
@click.option("--preview", "is_preview", is_flag=True, help="Show what was kept since the last digest; store nothing.")
@click.option(
    "--format", "form", type=click.Choice([item.value for item in Format]), help="What is printed; all are written."
)
@click.option(
    "--check",
    "is_check",
    is_flag=True,
    help="Issue nothing; exit with 1 when a newest digest is late, missing, empty, cut in the future, or unbalanced.",
)
@with_app
def digest(app: App, *, name: str | None, day: str | None, form: str | None, is_preview: bool, is_check: bool) -> None:
    """Issue the digests that are due, then print the one issued last."""
    if day is not None and is_preview:
        raise click.UsageError("give either --date or --preview: a preview has no date yet")
    if is_check and (day is not None or is_preview or form is not None):
        raise click.UsageError("give --check without --date, --preview and --format: it prints no digest")
    wanted = _wanted_format(form, as_json=app.json)
    subscription = select_subscription(app, name)
    now = not_before_the_last_run(app.existing_database, app.clock.now())
    if is_check:
        check(app, (subscription,) if name else app.config.subscriptions, now)
    elif is_preview:
        show(preview(app.existing_database, app.config, subscription, now), wanted)
    elif day is not None:
        show(issue_again(app, subscription, day), wanted)
    else:
        show(issue(app, subscription, now, others=name is None) or latest_of(app, subscription), wanted)


def _wanted_format(form: str | None, *, as_json: bool) -> Format | None:
    if as_json and form not in {None, Format.JSON}:
        raise click.UsageError(f"give either --json or --format {form}")
    if as_json:
        return Format.JSON
    return None if form is None else Format(form)


def select_subscription(app: App, name: str | None) -> Subscription:
    """
    Raises:
        NotFoundError: there is none of that name.
    """
    known = [item.name for item in app.config.subscriptions]
    if not known:
        raise NotFoundError(f"subscriptions.yaml in {app.config.folder} names no subscription; add one")
    found = app.config.subscription(name or known[0])
    if found is None:
        raise NotFoundError(f"no subscription is named {name}; {nearest(name or '', known)}")
    return found


def check(app: App, subscriptions: tuple[Subscription, ...], now: datetime) -> None:
    """Tell what is wrong, a line each, and exit with 1; say nothing when nothing is."""
    folder = app.data / "digests"
    faults = [
        fault for item in subscriptions for fault in faults_of(app.existing_database, app.config, item, now, folder)
    ]
    if app.json:
        print_document({"checked": [item.name for item in subscriptions], "faults": faults})
    for fault in faults:
        click.echo(fault.told, err=True)
    if faults:
        sys.exit(1)


def issue(app: App, subscription: Subscription, now: datetime, *, others: bool) -> IssuedDigest | None:
    """Issue its digest, with `others` those of the other subscriptions too. None when its own is not due."""
    folder = app.data / "digests"
    if others:
        return issue_all_due(app.existing_database, app.config, now, folder).get(subscription.name)
    return issue_due(app.existing_database, app.config, subscription, now, folder)


def issue_again(app: App, subscription: Subscription, day: str) -> IssuedDigest:
    """
    Raises:
        NotFoundError: no digest was issued for that day.
    """
    found = reissue(app.existing_database, app.config, subscription, day, app.data / "digests")
    if found is None:
        known = issued_dates(app.existing_database, subscription)
        raise NotFoundError(f"no digest {subscription.name} was issued for {day}; {nearest(day, known[-10:])}")
    return found


def latest_of(app: App, subscription: Subscription) -> IssuedDigest:
    """
    Raises:
        NotFoundError: there is none, for no poll has succeeded yet.
    """
    found = latest(app.existing_database, app.config, subscription, app.data / "digests")
    if found is None:
        raise NotFoundError(_why_none_yet(app))
    return found


def _why_none_yet(app: App) -> str:
    with app.existing_database.read() as connection:
        begun = connection.execute(select(run.c.id, run.c.started).where(run.c.ended.is_(None))).first()
    if begun is None:
        return "nothing has been crawled yet: run presswatch crawl first (a digest needs one good poll)"
    since = begun.started.astimezone(app.config.settings.zone)
    return f"run {begun.id} is at work, since {since:%Y-%m-%d %H:%M}; the first digest can be had when it has ended"


def show(issued: IssuedDigest, form: Format | None) -> None:
    """As its file of this format; where none is asked for, on a terminal as a page and else as Markdown."""
    if form is None and sys.stdout.isatty():
        _show_page(issued)
    else:
        click.echo(issued.texts[form or Format.MARKDOWN], nl=False)


def _show_page(issued: IssuedDigest) -> None:
    console = Console()
    text = issued.markdown
    for _ in issued.digest.books.imbalances:
        alarm, _, text = text.partition("\n\n")
        console.print(alarm.strip("*"), style="bold red", markup=False, highlight=False)
    console.print(Markdown(text))
    if issued.path is not None:
        console.print(str(issued.path), style="dim", markup=False, highlight=False, soft_wrap=True)
