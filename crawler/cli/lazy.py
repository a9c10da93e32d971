"""A group of commands that are imported when they are called. This file imports click alone."""

import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import click


class LazyCommand(NamedTuple):
    """Where a command is, and the line `--help` shows for it without importing it."""

    target: str  # module:attribute
    help: str


def load(lazy: LazyCommand) -> click.Command:
    """Import the command."""
    module, _, attribute = lazy.target.partition(":")
    command: click.Command = getattr(importlib.import_module(module), attribute)
    return command


class LazyGroup(click.Group):
    """A group that knows its commands by name only."""

    def __init__(self, *arguments: Any, lazy: Mapping[str, LazyCommand], **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        lazy = self._lazy.get(cmd_name)
        if lazy is None:
            return None
        return load(lazy)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """
        Raises:
            click.UsageError: no command is named like that; the message names the nearest.
        """
        asked = args[0]
        if not asked.startswith("-") and not ctx.resilient_parsing and self.get_command(ctx, asked) is None:
            from crawler.cli.near import nearest  # noqa: PLC0415  # with difflib: most calls need neither

            raise click.UsageError(f"no command is named {asked}; {nearest(asked, list(self._lazy))}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in self._lazy.items()])
