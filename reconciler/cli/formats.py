"""--format and its short form --json: one option by two names."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from reconciler.cli.settings import option
from reconciler.errors import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])
Form = TypeVar("Form", bound=StrEnum)


def format_options(forms: type[StrEnum]) -> Callable[[Command], Command]:
    """Add --format with these choices, the first one being the default, and --json."""
    default, *others = (form.value for form in forms)
    said = f"{default} (the default), {', '.join(others[:-1])} or {others[-1]}."
    by_name = option("--format", "form", metavar="FORMAT", type=click.Choice([default, *others]), help=said)
    short = click.option("--json", "as_json", is_flag=True, envvar="VOICECTL_JSON", help="Short for --format json.")
    return lambda command: by_name(short(command))


def chosen(forms: type[Form], form: str | None, *, as_json: bool) -> Form:
    """Return the format asked for: what is typed wins over a variable. Raises UsageError for two that were typed."""
    if form is None:
        return forms("json") if as_json else next(iter(forms))
    if not as_json or form == "json":
        return forms(form)
    source = click.get_current_context().get_parameter_source
    typed = {name: source(name) is ParameterSource.COMMANDLINE for name in ("form", "as_json")}
    if all(typed.values()):
        raise UsageError(f"--json and --format {form} ask for two formats", fix="leave out one of them")
    return forms(form) if typed["form"] else forms("json")
