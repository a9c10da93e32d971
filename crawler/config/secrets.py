"""What ${NAME} in a value stands for: the variable NAME, the file NAME_FILE names, or a credential of systemd.

A fault names the variable and never what it holds: somebody may have put the secret where the file's path belongs.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

_LONGEST = 65_536  # bytes; what is longer is some other file
_CREDENTIALS = "CREDENTIALS_DIRECTORY"  # set by systemd for units with LoadCredential= or SetCredential=


class SecretError(Exception):
    """A name stands for nothing, or for too much."""

    def __init__(self, rule: str, hint: str) -> None:
        super().__init__(f"{rule}; {hint}")
        self.rule = rule
        self.hint = hint


class Secrets:
    """Looks names up in an environment. Each file is read once: it may be a pipe.

    Args:
        environ: where names are looked up.
        watch: is told each name and value that is found.
    """

    def __init__(
        self, environ: Mapping[str, str], watch: Callable[[str, str], None] = lambda name, value: None
    ) -> None:
        self._environ = environ
        self._watch = watch
        self._found: dict[str, str | SecretError] = {}

    def __repr__(self) -> str:
        return "Secrets()"

    def find(self, name: str) -> str:
        """
        Raises:
            SecretError: see there.
        """
        if name not in self._found:
            try:
                self._found[name] = found = self._look_up(name)
                self._watch(name, found)
            except SecretError as error:
                self._found[name] = error
        known = self._found[name]
        if isinstance(known, SecretError):
            raise known
        return known

    @property
    def values(self) -> Mapping[str, str]:
        """What was found so far."""
        return {name: found for name, found in self._found.items() if isinstance(found, str)}

    def _look_up(self, name: str) -> str:
        pointer = f"{name}_FILE"
        # A container passes a variable that nobody set as an empty one.
        if self._environ.get(pointer):
            if self._environ.get(name):
                raise SecretError(f"both {name} and {pointer} are set", "unset one of them")
            return _content(Path(self._environ[pointer]), f"the file that {pointer} names", f"or correct {pointer}")
        if name in self._environ:
            return self._environ[name]
        credential = self._credential(name)
        if credential is not None:
            shown = f"the credential {credential.name} in {_CREDENTIALS}"
            return _content(credential, shown, "or correct the unit's LoadCredential=")
        hint = f"set it before presswatch starts, or name a file that holds it in {pointer}"
        raise SecretError(f"the environment has no variable {name}", hint)

    def _credential(self, name: str) -> Path | None:
        folder = self._environ.get(_CREDENTIALS)
        if not folder:
            return None
        files = (Path(folder, name), Path(folder, name.lower()))
        try:
            return next((file for file in files if file.exists()), None)
        except OSError as error:
            told = f"the folder that {_CREDENTIALS} names cannot be read: {error.strerror}"
            raise SecretError(told, "let this user read it, or unset the variable") from error


def _content(file: Path, shown: str, otherwise: str) -> str:
    """The text of a file without the newline at its end."""
    try:
        with file.open("rb") as opened:
            raw = opened.read(_LONGEST + 1)
    except FileNotFoundError as error:
        raise SecretError(f"{shown} does not exist", f"put it there, {otherwise}") from error
    except OSError as error:
        told = f"{shown} cannot be read: {error.strerror}"
        raise SecretError(told, f"let this user read it, {otherwise}") from error
    if len(raw) > _LONGEST:
        raise SecretError(f"{shown} has more than {_LONGEST} bytes", f"put the value alone into it, {otherwise}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Without the cause: it holds the bytes, and a traceback would show them.
        raise SecretError(f"{shown} is not UTF-8 text", f"save it as UTF-8, {otherwise}") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text.strip():
        raise SecretError(f"{shown} is empty", f"put the value into it, {otherwise}")
    return text
