"""The end of an entry whose page holds no article."""

from crawler.items import Ended, Page
from crawler.outcomes import Outcome

SHORTEST_TEXT = 20  # characters of a body


def no_text(page: Page, reason: str) -> Ended:
    return Ended(pending=page.pending, outcome=Outcome.NO_TEXT, reason=reason, at=page.fetched_at)
