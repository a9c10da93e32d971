"""The options every command has. They may stand before its name or its group's, or after it; what stands last wins."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])


# A named tuple, and folders as text: dataclasses and pathlib would add a fifth to the time of `--help`.
class Given(NamedTuple):
    """The options as they were typed, unchecked."""

    config: str | None = None
    data: str | None = None
    now: str | None = None
    route: str | None = None
    as_json: bool = False
    verbose: bool = False

    @classmethod
    def take(cls, parameters: dict[str, Any]) -> "Given":
        """Take these options out of a command's parameters."""
        return cls(**{name: parameters.pop(name) for name in cls._fields})

    def under(self, outer: "Given | None") -> "Given":
        """These options, and `outer`'s where these say nothing."""
        if outer is None:
            return self
        said = {name: value for name, value in self._asdict().items() if value is not None and value is not False}
        return outer._replace(**said)


def global_options(function: Function) -> Function:
    """Add the options of `Given` to a command or a group."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def leading_options(function: Callable[[], None]) -> Callable[..., None]:
    """Give a group the options of `Given`, and leave what they say to its commands."""

    @global_options
    @click.pass_context
    @functools.wraps(function)
    def group(context: click.Context, /, **parameters: Any) -> None:
        context.obj = Given.take(parameters).under(context.find_object(Given))
        function()

    return group


_OPTIONS = (
    click.option("--config", metavar="DIR", help="Folder of the configuration."),
    click.option("--data", metavar="DIR", help="Folder of database, archive and digests."),
    click.option("--now", metavar="TIME", help="Live at this ISO time, on a clock that moves only by waiting."),
    click.option("--route", metavar="URL", help="Send every request to this local server: http://127.0.0.1:PORT."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
    click.option("-v", "--verbose", is_flag=True, help="Log what is being done."),
)
