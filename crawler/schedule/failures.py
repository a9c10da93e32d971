"""What fails again and again is told when it begins, when it changes, and when it is over."""

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Failures:
    """What is failing now, and what was told of it. Used by one thread at a time for each name."""

    _told: dict[str, str] = field(default_factory=dict)  # what fails → how

    def is_news(self, name: str, failure: str) -> bool:
        """Note that `name` fails; whether it did not fail in this way at the last try."""
        known, self._told[name] = self._told.get(name), failure
        return known != failure

    def is_over(self, name: str) -> bool:
        """Note that `name` went well; whether it failed at the last try."""
        return self._told.pop(name, None) is not None
