"""What the command line tells of nothing: the values that ${NAME} of the configuration was found to stand for.

The second line of defence. Sources keep ${NAME} until a request leaves, and what may hold a secret is in no repr; this
is for the text of some library nobody thought of.
"""

from crawler.concealing import Concealer


class Hidden:
    """The values found so far. Those that are too short to be told from other words are not hidden."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._concealer = Concealer({})

    def learn(self, name: str, value: str) -> None:
        if self._values.get(name) != value:
            self._values[name] = value
            self._concealer = Concealer(self._values)

    def text(self, text: str) -> str:
        """The text with ${NAME} where it tells a value."""
        return self._concealer.text(text)
