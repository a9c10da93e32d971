"""The lists that an endpoint names: sitemaps of an index, accounts of a mirror. Each is an endpoint of its own."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, update

from crawler.database import insert_for
from crawler.endpoint_state import EndpointState
from crawler.items import FurtherList
from crawler.tables import endpoint
from crawler.urls import host_of

# A list is asked again after so long although its index says that it has not changed: some never move that date.
_TRUSTED = timedelta(days=3)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def in_turn(lists: Iterable[EndpointState], now: datetime) -> list[EndpointState]:
    """Those of the lists that may hold news, in the order in which they are to be asked.

    First those never asked: the ones that appeared after their index's first answer before the ones that stood in it,
    and of these the last changed first. Then the ones asked longest ago. A list that has not changed since it last
    answered, as its index says, is left out for three days.
    """
    return sorted((one for one in lists if _may_hold_news(one, now)), key=_turn)


def _may_hold_news(one: EndpointState, now: datetime) -> bool:
    if one.changed is None or one.last_success is None:
        return True
    return one.changed > one.last_success or now - one.last_success >= _TRUSTED


def _turn(one: EndpointState) -> tuple[datetime, bool, timedelta, int]:
    if one.last_polled is not None:
        return one.last_polled, False, timedelta(0), one.id
    return _LONG_AGO, one.appeared is None, _LONG_AGO - (one.changed or _LONG_AGO), one.id


def note_lists(connection: Connection, state: EndpointState, lists: Sequence[FurtherList], now: datetime) -> str:
    """Make each list on the endpoint's own host an endpoint; one that is named no more is not asked again.

    A visit is to one host, the endpoint's as it is configured, wherever that redirects to.

    Returns:
        How many were left out, because they are on other hosts; "" where none was.
    """
    if not lists:
        return ""
    connection.execute(update(endpoint).where(endpoint.c.parent == state.id).values(parent=None))
    own = [named for named in lists if host_of(named.url) == state.host]
    appeared = None if state.first_polled is None else now
    for named in own:
        made = insert_for(connection)(endpoint).values(
            source=state.source, url=named.url, host=state.host, appeared=appeared
        )
        connection.execute(made.on_conflict_do_nothing())
        this = (endpoint.c.source == state.source) & (endpoint.c.url == named.url) & (endpoint.c.id != state.id)
        connection.execute(update(endpoint).where(this).values(parent=state.id, changed=named.changed))
    others = [named.url for named in lists if host_of(named.url) != state.host]
    if not others:
        return ""
    return f"{len(others)} of its {len(lists)} lists are not on {state.host} and are not read, such as {others[0]}"
