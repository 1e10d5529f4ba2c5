# pathlib takes 5 ms, and this is run at every press of Tab
# ruff: noqa: PTH118, PTH120, PTH123
"""What a word of a command line may become: commands, options, keys, environments. Asked at every press of Tab.

It reads a table of the commands and the names of files, and loads nothing else: no click, no pydantic, no network.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

Words = dict[str, str]
"""What may be written, and what it means."""

FILES, FOLDERS, WORDS = "files", "folders", "words"
"""What the shell shall offer: its own files or folders, or the words that follow."""
_TABLE = os.path.join(os.path.dirname(__file__), "completions", "table.json")


def answer(arguments: list[str]) -> str:
    """Return the answer to a shell: SHELL, the index of the word under the cursor, and all words.

    The first line says what to offer; the others are words, each with a tab and what it means. Bash takes a command
    line apart at `=`, and wants the part behind it alone.
    """
    shell, index, *words = arguments
    words = words[: int(index) + 1] + [""] * (int(index) + 1 - len(words))
    if shell == "bash":
        words = _joined(words)
    kind, found = _Line(words).offered()
    start = words[-1].rpartition("=")[0] + "=" if words[-1].startswith("--") and "=" in words[-1] else ""
    lines = [kind]
    for word, meaning in found.items():
        if word.isprintable() and (start + word).startswith(words[-1]):
            lines.append(f"{word if shell == 'bash' else start + word}\t{meaning}")
    return "\n".join(lines) + "\n"


def _joined(words: list[str]) -> list[str]:
    """Put `--env`, `=` and `local` together again."""
    joined: list[str] = []
    for word in words:
        after_equals = bool(joined) and joined[-1].startswith("--") and joined[-1].endswith("=")
        if joined and ((word == "=" and joined[-1].startswith("--")) or after_equals):
            joined[-1] += word
        else:
            joined.append(word)
    return joined


class _Line:
    """A command line up to the word under the cursor."""

    def __init__(self, words: list[str]) -> None:
        with open(_TABLE, encoding="utf-8") as file:
            self._table = json.load(file)
        self._given: dict[str, str] = {}
        """Values of options, by name."""
        self._word = words[-1]
        self._path = ""
        self._positions = 0
        self._waiting: str | None = None
        """The option whose value comes next."""
        self._only_arguments = False
        for word in words[1:-1]:
            self._read(word)

    @property
    def _command(self) -> dict[str, Any]:
        command: dict[str, Any] = self._table["commands"][self._path]
        return command

    def _read(self, word: str) -> None:
        if self._waiting is not None:
            self._given[self._waiting] = word
            self._waiting = None
        elif word == "--":
            self._only_arguments = True
        elif word.startswith("-") and len(word) > 1 and not self._only_arguments:
            name, equals, value = word.partition("=")
            if equals:
                self._given[name] = value
            elif self._takes(name) is not None:
                self._waiting = name
        elif word in self._command["commands"]:
            self._path = f"{self._path} {word}".strip()
        else:
            self._positions += 1

    def _takes(self, option: str) -> Any:
        """Return what an option takes: None for a flag, and for what is no option."""
        return self._command["options"].get(option, {}).get("takes")

    def offered(self) -> tuple[str, Words]:
        """Return what the shell shall offer."""
        if self._waiting is not None:
            return self._values(self._takes(self._waiting))
        if self._word.startswith("-") and not self._only_arguments:
            name, equals, _ = self._word.partition("=")
            if equals:
                return self._values(self._takes(name))
            return WORDS, {name: option["help"] for name, option in self._command["options"].items()}
        if self._command["commands"]:
            return WORDS, self._command["commands"]
        arguments = self._command["arguments"]
        if self._positions < len(arguments):
            return self._values(arguments[self._positions]["takes"])
        return self._values(arguments[-1]["takes"] if arguments and arguments[-1]["many"] else "")

    def _values(self, takes: Any) -> tuple[str, Words]:
        if isinstance(takes, list):
            return WORDS, dict.fromkeys(takes, "")
        match takes:
            case "files" | "folders":
                return takes, {}
            case "rules":
                return WORDS, dict.fromkeys(self._table["rules"], "")
            case "keys":
                return WORDS, self._names().keys(self._word)
            case "environments":
                return WORDS, self._names().environments()
        return WORDS, {}

    def _names(self) -> Any:
        from reconciler.cli.complete_names import Names

        folder = self._given.get("-C") or self._given.get("--directory") or os.environ.get("VOICECTL_DIRECTORY") or "."
        return Names(folder, self._given.get("--env") or os.environ.get("VOICECTL_ENV"))


def main(arguments: list[str]) -> None:
    """Answer a shell. It says nothing where it cannot: a message in the middle of a command line helps nobody."""
    try:
        text = answer(arguments)
    except Exception:  # noqa: BLE001 - see above
        sys.exit(1)
    sys.stdout.write(text)
