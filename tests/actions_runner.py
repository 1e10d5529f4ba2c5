"""What GitHub's runner reads in a step's output and files, by the rules of actions/runner (ActionCommand.cs)."""

from __future__ import annotations

from dataclasses import dataclass

REGISTERED = {
    "error", "warning", "notice", "debug", "group", "endgroup", "add-mask", "add-path", "set-env", "set-output",
    "save-state", "echo", "stop-commands", "add-matcher", "remove-matcher", "internal-set-repo-path",
}  # fmt: skip


@dataclass(frozen=True)
class Command:
    """Something that the runner does."""

    name: str
    properties: dict[str, str]
    data: str


def commands_in(output: str) -> list[Command]:
    """Read the output of a step: both forms of commands, in every line."""
    lines = output.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [command for line in lines if (command := _second_form(line) or _first_form(line))]


def _second_form(line: str) -> Command | None:
    line = line.lstrip()
    end = line.find("::", 2)
    if not line.startswith("::") or end < 0:
        return None
    name, _, written = line[2:end].partition(" ")
    if name not in REGISTERED:
        return None
    pairs = [pair.split("=", 1) for pair in written.strip().split(",") if pair]
    properties = {pair[0]: _unescaped(pair[1], "%0D\r %0A\n %3A: %2C, %25%") for pair in pairs if len(pair) == 2}
    return Command(name, properties, _unescaped(line[end + 2 :], "%0D\r %0A\n %25%"))


def _first_form(line: str) -> Command | None:
    begin = line.find("##[")
    end = line.find("]", begin)
    if begin < 0 or end < 0:
        return None
    name, _, _ = line[begin + 3 : end].partition(" ")
    return Command(name, {}, line[end + 1 :]) if name in REGISTERED else None


def _unescaped(text: str, table: str) -> str:
    for entry in table.split(" "):
        text = text.replace(entry[:3], entry[3:])
    return text


def outputs_in(text: str) -> dict[str, str]:
    """Read a file of outputs: `name=value`, or `name<<END` up to a line END."""
    outputs: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        name, sign, rest = line.partition("<<") if "<<" in line.partition("=")[0] else line.partition("=")
        if sign == "=":
            outputs[name] = rest
        elif sign:
            value = []
            for inner in lines:
                if inner == rest:
                    break
                value.append(inner)
            else:
                raise ValueError(f"no end of {name}")
            outputs[name] = "\n".join(value)
    return outputs
