"""What a stranger meets first is true: command lines, tables, examples, links and pictures of the README and docs/."""

from __future__ import annotations

import inspect
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest

from reconciler import errors
from reconciler.apply.run import PARTIAL
from reconciler.cli.app import COMMANDS, EPILOG, root, run
from reconciler.cli.plan import CHANGES
from reconciler.cli.settings import shared_options
from reconciler.samples.rules import RULES, Rule

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
REFERENCE = ROOT / "docs" / "reference.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

TRY_IT = "python3 -m venv .venv && .venv/bin/pip install -q -e . && .venv/bin/voicectl --env local apply --yes"
TEST_IT = (
    "python3 -m venv .venv && .venv/bin/pip install -q -e '.[dev]' && .venv/bin/pytest -q -n auto --maxprocesses 4"
)


def subcommand(context: click.Context, name: str) -> click.Command:
    """Return a command of a group. Raises UsageError for a name that is none."""
    assert isinstance(context.command, click.Group)
    found = context.command.get_command(context, name)
    if found is None:
        raise click.UsageError(f"there is no command {name}")
    return found


def all_commands() -> dict[str, click.Command]:
    """Return every command that is no group, by its words: `plan`, `state rebuild`."""
    found: dict[str, click.Command] = {}
    for name in COMMANDS:
        command = subcommand(click.Context(root), name)
        if isinstance(command, click.Group):
            found |= {f"{name} {below}": part for below, part in command.commands.items()}
        else:
            found[name] = command
    return found


each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


# -- the two commands ------------------------------------------------------------------------------------------------


def test_the_readme_gives_the_two_commands() -> None:
    """The first two shell blocks of the README are one line each: try it, test it."""
    assert [body for language, body in fences(README) if language == "sh"][:2] == [TRY_IT + "\n", TEST_IT + "\n"]


def test_ci_runs_the_tests_by_the_line_of_the_readme() -> None:
    """`.ci/run` reads its test command from the README, and runs it last."""
    script = (ROOT / ".ci" / "run").read_text()
    (reading,) = [line for line in script.splitlines() if line.startswith("tests=")]
    found = subprocess.run(["bash", "-c", f'{reading}; printf %s "$tests"'], cwd=ROOT, capture_output=True, check=True)

    assert found.stdout.decode() == TEST_IT
    assert script.splitlines()[-1] == 'eval "$tests"'
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


# -- command lines ---------------------------------------------------------------------------------------------------


@each_page
def test_every_command_line_of_a_page_can_be_run(page: Path) -> None:
    """No page shows a command, an option or a choice that the program does not have."""
    for line in shown_commands(page.read_text()):
        understand(line)


def test_messages_name_only_commands_that_exist() -> None:
    """Where a message says what to run next, it can be run."""
    for file in sorted((ROOT / "reconciler").rglob("*.py")):
        for line in re.findall(r"`(voicectl [^`\n]+)`", file.read_text()):
            understand(line)


def test_a_mistyped_command_line_would_be_noticed() -> None:
    """The two tests above are not blind."""
    assert list(shown_commands("```sh\n$ A=b .venv/bin/voicectl plan --jsn | cat  # why\n```")) == ["plan --jsn"]
    for line in ("voicectl plna", "voicectl plan --jsn", "voicectl export --format yaml", "voicectl get"):
        with pytest.raises(pytest.fail.Exception):
            understand(line)


# -- tables ----------------------------------------------------------------------------------------------------------


def test_the_tables_of_exit_codes_list_what_the_program_ends_with() -> None:
    """README and reference agree with each other, with the exceptions, and with `--help`."""
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if hasattr(kind, "exit_code")]
    ends = {0, CHANGES, PARTIAL, 128 + 2, 128 + 15, *(kind.exit_code for kind in kinds)}
    readme = table(README, "Exit codes")

    assert {int(code) for code in readme} == ends
    assert table(REFERENCE, "Exit codes") == readme
    assert {int(code) for code in re.findall(r"\d+", EPILOG.partition("Exit codes:")[2])} == ends


@pytest.mark.parametrize(("heading", "name"), [("Voice file", "voice"), ("voicectl.yaml", "project")])
def test_the_reference_lists_every_field(heading: str, name: str) -> None:
    """A table has the fields of the schema: no more, no less, and with the schema's defaults."""
    schema = json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text())
    fields, rows = dict(schema_fields(schema, schema)), table(REFERENCE, heading)

    assert sorted(rows) == sorted(f"`{field}`" for field in fields)
    for field, default in fields.items():
        if default is not None:
            shown = default if isinstance(default, str) else json.dumps(default)
            assert rows[f"`{field}`"][0] == f"`{shown}`"


def test_the_reference_lists_every_command() -> None:
    """Each command has a section, in the order of `voicectl --help`."""
    lines = between(REFERENCE, "## Commands", "## Formats")
    titles = [line.removeprefix("### ") for line in lines if line.startswith("### ")]
    assert titles == ["Shared options", *all_commands()]


@pytest.mark.parametrize("name", ["Shared options", *all_commands()])
def test_the_reference_lists_every_option(name: str) -> None:
    """A command's table has the command's own options: no more, no less."""
    shared = option_names(shared_options(click.Command("none")))
    own = shared if name == "Shared options" else option_names(all_commands()[name]) - shared
    rows = table(REFERENCE, name)

    assert {option for row in rows for option in re.findall(r"`(-[^`]+)`", row)} == own


def test_the_rules_of_samples_are_listed_with_their_limits() -> None:
    """docs/samples.md: no rule more, none less, and with the limits that are built in."""

    def limit(rule: Rule, value: float | None) -> str:
        return "" if value is None else f"{rule.bad} {value:,.10g}"

    assert table(ROOT / "docs" / "samples.md", "The rules") == {
        f"`{rule.id}`": [rule.about, rule.unit or "", limit(rule, rule.warning), limit(rule, rule.error)]
        for rule in RULES.values()
    }


@each_page
def test_quoted_help_is_the_real_help(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`$ voicectl ... --help` is followed by what it prints."""
    for language, body in fences(page):
        first, _, shown = body.partition("\n")
        if language == "console" and first.endswith("--help"):
            run(shlex.split(first.removeprefix("$ voicectl ")))
            assert shown == capsys.readouterr().out


def test_the_reference_names_every_environment_variable() -> None:
    """What the program reads from the environment is documented, but for the hook of the crash tests."""
    sources = "".join(file.read_text() for file in (ROOT / "reconciler").rglob("*.py"))
    own = set(re.findall(r'"((?:PALABRA_[A-Z]+|VOICECTL_HTTP)_[A-Z]+)"', sources))
    shown = set(re.findall(r"`((?:PALABRA|VOICECTL)_[A-Z_]+)`", REFERENCE.read_text()))

    assert own
    assert own <= shown


# -- examples --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("heading", "name"), [("The plan", "plan"), ("The state document", "state")])
def test_an_example_fits_its_schema(heading: str, name: str) -> None:
    """The documents of the reference are such documents."""
    example = next(body for language, body in fences(section(REFERENCE, heading)) if language == "json")
    jsonschema.validate(json.loads(example), json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text()))


def test_the_picture_of_the_readme_is_what_one_sees(repository: Path) -> None:
    """Its commands, after its edits, print its text; only voice ids differ."""
    (picture,) = [body for language, body in fences(README) if language == "console"]
    voices = repository / "voices"
    assert shell("voicectl --env local apply --yes --quiet", repository).endswith("Apply complete: 5 created.\n")
    edit(voices / "narrator" / "voice.yaml", "mood: happy", "mood: neutral")
    edit(voices / "announcer.yaml", "lang_code: ru", "lang_code: ru\n    denoise: true")
    (voices / "support" / "french.yaml").rename(voices / "support" / "quebec.yaml")
    (voices / "support" / "spanish.yaml").unlink()

    for shown in re.split(r"^\$ ", picture, flags=re.MULTILINE)[1:]:
        line, _, expected = shown.partition("\n")
        assert without_ids(shell(line, repository)) == without_ids(expected)


def test_a_lost_state_document_costs_no_voice_as_the_page_says(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """docs/recover.md: every voice is adopted and none is made, also after replacements."""
    local = ["-C", str(repository), "--env", "local"]
    assert run([*local, "apply", "--yes", "--quiet"]) == 0
    assert run([*local, "apply", "--yes", "--quiet", "--replace", "announcer"]) == 0
    (repository / ".voicectl" / "local" / "voices.state.json").unlink()
    capsys.readouterr()
    assert run([*local, "plan", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)

    assert {change["action"] for change in plan["changes"]} == {"adopt"}
    assert plan["summary"]["adopt"] == 5


# -- links and leaks -------------------------------------------------------------------------------------------------


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link is a file of the repository, and its anchor a heading of that file."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_no_file_names_a_machine_or_a_registry() -> None:
    """What is committed works elsewhere: no paths of somebody's machine, no package registry's host."""
    hosts = ("pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "crates" + ".io")
    paths = ("/ho" + "me/", "/Us" + "ers/", "/wo" + "rk/", "/ro" + "ot/", "/opt" + "/")
    leak = re.compile("|".join(re.escape(text) for text in hosts) + "|(?<![\\w.}-])(?:" + "|".join(paths) + ")")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    leaks = [
        f"{name}: {found[0]}"
        for name in listed.stdout.decode().split("\0")
        if name and (ROOT / name).is_file()
        for found in leak.finditer((ROOT / name).read_bytes().decode("utf-8", "ignore"))
        if b"\0" not in (ROOT / name).read_bytes()
    ]
    assert leaks == []


# -- reading the pages -----------------------------------------------------------------------------------------------


def fences(page: Path | str) -> list[tuple[str, str]]:
    """Return language and body of each fenced block."""
    text = page if isinstance(page, str) else page.read_text()
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def section(page: Path, heading: str) -> str:
    """Return the text below a heading, up to the next one."""
    found = re.search(rf"^##+ {re.escape(heading)}\n(.*?)(?=^##+ |\Z)", page.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None, f"{page.name} has no section {heading!r}"
    return found[1]


def between(page: Path, start: str, end: str) -> list[str]:
    """Return the lines between two lines."""
    return page.read_text().partition(f"\n{start}\n")[2].partition(f"\n{end}\n")[0].splitlines()


def table(page: Path, heading: str) -> dict[str, list[str]]:
    """Return the rows of a section's table: first cell -> the others."""
    lines = [line for line in section(page, heading).splitlines() if line.startswith("|")][2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {first: rest for first, *rest in rows}


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as the forges make them."""
    headings = re.findall(r"^##* (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def shown_commands(text: str) -> Iterator[str]:
    """Yield the arguments of every `voicectl` that a page shows to be typed."""
    pieces = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for language, body in fences(text):
        lines = body.splitlines()
        pieces += [line for line in lines if line.startswith("$ ")] if language == "console" else lines
    for piece in pieces:
        for found in re.finditer(r"(?<![\w./`[-])(?:\.venv/bin/)?voicectl +([^`\n]*)", piece):
            words = shlex.shlex(found[1], posix=True, punctuation_chars=True)
            words.whitespace_split = True
            typed = []
            for word in words:
                if word[0] in "&|;<>()":
                    break
                typed.append(word)
            yield shlex.join(typed)


def understand(line: str) -> None:
    """Fail unless the program understands a command line. Nothing is run."""
    words = shlex.split(line.removeprefix("voicectl "))
    try:
        context = root.make_context("voicectl", words)
        while isinstance(context.command, click.Group):
            name, *rest = [*context._protected_args, *context.args]
            context = subcommand(context, name).make_context(name, rest, parent=context)
    except click.exceptions.Exit:
        return  # --help and --version
    except click.UsageError as error:
        pytest.fail(f"voicectl {shlex.join(words)}: {error.format_message()}")


def option_names(of: click.Command) -> set[str]:
    """Return all spellings of all options."""
    return {name for parameter in of.params for name in (*parameter.opts, *parameter.secondary_opts) if name[0] == "-"}


def schema_fields(schema: dict[str, Any], part: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield path and default of every field of a JSON Schema, such as `samples[].file`."""
    if "$ref" in part:
        yield from schema_fields(schema, schema["$defs"][part["$ref"].rpartition("/")[2]], prefix)
    for option in part.get("anyOf", ()):
        yield from schema_fields(schema, option, prefix)
    for name, field in part.get("properties", {}).items():
        yield prefix + name, field.get("default")
        if name != "overrides":  # its fields are a voice file's, which has a table of its own
            yield from schema_fields(schema, field, f"{prefix}{name}.")
    if "items" in part:
        yield from schema_fields(schema, part["items"], prefix.removesuffix(".") + "[].")
    if isinstance(part.get("additionalProperties"), dict):
        yield from schema_fields(schema, part["additionalProperties"], f"{prefix}NAME.")


# -- doing what they say ---------------------------------------------------------------------------------------------


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of the example repository."""
    shutil.copytree(ROOT / "voices", tmp_path / "voices")
    shutil.copy(ROOT / "voicectl.yaml", tmp_path)
    return tmp_path


@cache
def environment() -> dict[str, str]:
    """Return an environment in which `voicectl` is the one under test, and nothing else decides how it behaves."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("VOICECTL_", "PALABRA_", "FORCE_COLOR"))}
    return {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def shell(line: str, folder: Path) -> str:
    """Return what a command line prints on stdout."""
    ended = subprocess.run(["bash", "-c", line], cwd=folder, env=environment(), capture_output=True, check=False)
    assert (ended.returncode, ended.stderr.decode()) == (0, "")
    return ended.stdout.decode()


def edit(file: Path, old: str, new: str) -> None:
    """Replace text that is there."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def without_ids(text: str) -> str:
    """Return the text without voice ids."""
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", text)
