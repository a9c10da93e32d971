"""robots.txt answers in the database, so that a day's many runs ask once."""

from sqlalchemy import bindparam, select

from crawler.database import Database, insert_for
from crawler.fetch.robots import RobotsAnswer
from crawler.tables import robots

_OF_ORIGIN = select(robots).where(robots.c.origin == bindparam("origin"))
_FACTS = ("status", "body", "fetched_at", "asked_at")


class DatabaseRobotsCache:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, origin: str) -> RobotsAnswer | None:
        with self._database.read() as connection:
            row = connection.execute(_OF_ORIGIN, {"origin": origin}).mappings().one_or_none()
        if row is None:
            return None
        facts = {name: row[name] for name in _FACTS}
        return RobotsAnswer(**facts)

    async def save(self, origin: str, answer: RobotsAnswer) -> None:
        values = {name: getattr(answer, name) for name in _FACTS}
        with self._database.write() as connection:
            statement = insert_for(connection)(robots).values(origin=origin, **values)
            connection.execute(statement.on_conflict_do_update(index_elements=["origin"], set_=values))
