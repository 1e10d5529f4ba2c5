"""Start-up is part of the interface: what a command may load is pinned here, so that no import creeps in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "av", "numpy", "httpx", "aiohttp", "httpcore", "anyio", "rich", "starlette", "uvicorn", "deepdiff", "watchfiles", "stamina",
    "sqlite3", "multipart",
}  # fmt: skip
STATE = '{"version": 1, "environment": "default", "lineage": "x", "serial": 1, "account": null, "voices": {}}'


def loaded(folder: Path, *arguments: str) -> set[str]:
    """Run a command line and return the top-level modules that it loaded."""
    program = (
        "import sys\n"
        f"sys.argv = ['voicectl', *{arguments!r}]\n"
        "from reconciler.__main__ import main\n"
        "try:\n    main()\n"
        "except SystemExit:\n    pass\n"
        "print('LOADED', *sorted(sys.modules))\n"
    )
    environ = {"PYTHONPATH": str(Path(__file__).parents[3])}
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env=environ, capture_output=True, text=True, check=True
    )
    last = ran.stdout.splitlines()[-1].split()
    assert last[0] == "LOADED"
    return {name.partition(".")[0] for name in last[1:]} | {name for name in last[1:] if name.startswith("reconciler.")}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "voicectl.yaml").write_text("project: quick\n")
    (tmp_path / "voices.state.json").write_text(STATE)
    (tmp_path / "voices").mkdir()
    return tmp_path


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",), ("--version",)], ids=" ".join)
def test_what_is_asked_all_day_loads_nothing(repository: Path, arguments: tuple[str, ...]) -> None:
    modules = loaded(repository, *arguments)

    assert modules & (HEAVY | {"click", "pydantic", "yaml", "asyncio", "json"}) == set()
    assert {name for name in modules if name.startswith("reconciler.")} == {"reconciler.__main__"}


@pytest.mark.parametrize(
    "arguments",
    [("version",), ("plan", "--help"), ("apply", "--help"), ("emulator", "--help"), ("plam",)],
    ids=" ".join,
)
def test_help_and_mistakes_load_click_alone(repository: Path, arguments: tuple[str, ...]) -> None:
    modules = loaded(repository, *arguments)

    assert modules & (HEAVY | {"pydantic", "yaml"}) == set()


@pytest.mark.parametrize("arguments", [("get", "narrator"), ("export",), ("unlock",)], ids=" ".join)
def test_commands_that_read_state_load_no_network_no_audio_and_no_server(
    repository: Path, arguments: tuple[str, ...]
) -> None:
    assert loaded(repository, *arguments) & HEAVY == set()


@pytest.mark.parametrize("arguments", [("validate",), ("plan", "--offline")], ids=" ".join)
def test_commands_without_a_sample_to_read_load_no_audio_and_no_server(
    repository: Path, arguments: tuple[str, ...]
) -> None:
    modules = loaded(repository, *arguments)

    assert modules & {"av", "numpy", "starlette", "uvicorn", "watchfiles", "deepdiff"} == set()
