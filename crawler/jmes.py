"""JMESPath expressions of the config, asked under a limit of time and of size."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jmespath
from jmespath.visitor import TreeInterpreter

from crawler.allowance import Spell, TooSlowError

# No list of news is as long, no answer as large: only an expression that copies what it finds comes there.
_LARGEST_LIST = 1_000_000
_LARGEST_TEXT = 20_000_000


class _Interpreter(TreeInterpreter):  # type: ignore[misc]
    """Looks at the clock at every node; what lies between two of them is one pass over what was found.

    `[@, @] | [@, @]` holds the same four times in the room of once, and whoever passes over it passes four times: what
    is compared, written out or joined is passed over here first, step by step, which takes longer.
    """

    def __init__(self, expression: str, spell: Spell) -> None:
        super().__init__()
        self._expression = expression
        self._spell = spell
        self.COMPARATOR_FUNC = {name: self._bounded(compare) for name, compare in super().COMPARATOR_FUNC.items()}

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        self._spell.step()
        found = super().visit(node, *args, **kwargs)
        if isinstance(found, list | str):
            self._check(len(found), _LARGEST_LIST if isinstance(found, list) else _LARGEST_TEXT)
        return found

    def visit_function_expression(self, node: Any, value: Any) -> Any:
        given = [self.visit(child, value) for child in node["children"]]
        match node["value"], given:
            case "to_string", [list() | dict()]:
                self._pass_over(given)
            case "contains", [list(), list() | dict()]:
                self._pass_over(given)
            case "join", [str() as between, list() as texts]:
                self._check(len(between) * len(texts), _LARGEST_TEXT)
                self._pass_over(texts)
        return self._functions.call_function(node["value"], given)

    def _bounded(self, compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def compared(left: Any, right: Any) -> Any:
            if isinstance(left, list | dict) and type(left) is type(right):
                self._pass_over([left, right])
            return compare(left, right)

        return compared

    def _pass_over(self, values: list[Any]) -> None:
        waiting, length = list(values), 0
        while waiting:
            self._spell.step()
            value = waiting.pop()
            if isinstance(value, str):
                length += len(value)
                self._check(length, _LARGEST_TEXT)
            elif isinstance(value, list | dict):
                waiting.extend(value.values() if isinstance(value, dict) else value)

    def _check(self, size: int, most: int) -> None:
        if size > most:
            raise TooSlowError(self._expression)


def ask(expression: str, data: Any) -> Any:
    """What the expression finds in JSON.

    Raises:
        JMESPathError: it is none, or cannot be asked of this.
        TooSlowError: it took too long.
    """
    with Spell(expression) as spell:
        return _Interpreter(expression, spell).visit(_compiled(expression).parsed, data)


@lru_cache(maxsize=1024)
def _compiled(expression: str) -> Any:
    return jmespath.compile(expression)
