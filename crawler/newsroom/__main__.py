"""Serve the newsroom at a fixed time, so that a person can crawl it: python -m crawler.newsroom --port 8800."""

import asyncio
from datetime import datetime, timedelta

import click

from crawler.clock import VirtualClock
from crawler.newsroom.room import Newsroom
from crawler.newsroom.server import serve


def _moment(context: click.Context, option: click.Parameter, value: str | None) -> datetime | None:
    """An ISO time with a zone."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(f"expected an ISO time such as 2025-03-03T00:00:00+08:00, got {value}") from error
    if moment.tzinfo is None:
        raise click.BadParameter(f"expected a time with its zone, such as {value}+08:00")
    return moment


@click.command()
@click.option("--port", default=8800, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free port.")
@click.option("--seed", default=7, show_default=True)
@click.option("--start", default="2025-03-03T00:00:00+08:00", show_default=True, callback=_moment)
@click.option("--days", default=2, show_default=True, type=click.IntRange(min=0))
@click.option("--now", callback=_moment, help="The time the press shows; else the end of its last day.")
def main(port: int, seed: int, start: datetime, days: int, now: datetime | None) -> None:
    """Serve the simulated press on 127.0.0.1 until Ctrl-C."""
    newsroom = Newsroom(seed=seed, start=start, days=days)
    try:
        asyncio.run(_serve(newsroom, now or start + timedelta(days=days), port))
    except KeyboardInterrupt:
        click.echo("")
    except OSError as error:
        told = f"port {port} cannot be served on: {error.strerror}; name another with --port"
        raise click.ClickException(told) from error


async def _serve(newsroom: Newsroom, now: datetime, port: int) -> None:
    async with serve(newsroom, VirtualClock(now), port) as server:
        click.echo(f"{server.url} at {now.isoformat()}; sites by their Host header:")
        for host, section in newsroom.sections:
            count = len(newsroom.published_until(now, host, section))
            click.echo(f"  {newsroom.list_url(host, section)}  {count} articles")
        await asyncio.Event().wait()


if __name__ == "__main__":
    main()
