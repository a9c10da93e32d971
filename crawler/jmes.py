"""JMESPath expressions of the config, asked under a limit of time and of size."""

from functools import lru_cache
from typing import Any

import jmespath
from jmespath.visitor import TreeInterpreter

from crawler.allowance import Spell, TooSlowError

# More than an answer of the largest size holds: only an expression that copies what it finds comes there.
_LARGEST_LIST = 5_000_000
_LARGEST_TEXT = 100_000_000


class _Interpreter(TreeInterpreter):  # type: ignore[misc]
    """Looks at the clock at every node; what lies between two of them is one pass over what was found."""

    def __init__(self, expression: str, spell: Spell) -> None:
        super().__init__()
        self._expression = expression
        self._spell = spell

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        self._spell.step()
        found = super().visit(node, *args, **kwargs)
        if isinstance(found, list | str) and len(found) > (_LARGEST_LIST if isinstance(found, list) else _LARGEST_TEXT):
            raise TooSlowError(self._expression)
        return found


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
