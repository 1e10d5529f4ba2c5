"""One emulator and one fork server for each worker; an account and a folder for each test.

pytest tests/reliability                 what CI runs
pytest tests/reliability --every-point   each point with each loss, and each pair of points: some minutes
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from forked_runs import ForkServer
from palabra_process import Palabra
from voice_repository import Repository

NewRepository = Callable[..., Repository]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that asks for everything."""
    parser.addoption("--every-point", action="store_true", help="every crash point, loss and pair, not a sample")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how much was tried: the figures of docs/reliability.md."""
    tried: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, number in getattr(report, "user_properties", ()):
                if name.startswith("tried: ") and report.when == "teardown":
                    tried[name] += number
    for name, number in sorted(tried.items()):
        terminalreporter.write_line(f"{name.removeprefix('tried: ')}: {number}")


@pytest.fixture(scope="session")
def every_point(request: pytest.FixtureRequest) -> bool:
    """Whether everything is asked for."""
    return bool(request.config.getoption("--every-point", default=False))


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    """Forks runs of voicectl."""
    with ForkServer(tmp_path_factory.mktemp("runs")) as server:
        yield server


@pytest.fixture(scope="session")
def shared_palabra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Palabra]:
    """An emulator."""
    with Palabra(tmp_path_factory.mktemp("palabra")) as palabra:
        yield palabra


@pytest.fixture
def palabra(shared_palabra: Palabra) -> Iterator[Palabra]:
    """An emulator, in which nothing goes wrong unless the test says so."""
    yield shared_palabra
    shared_palabra.faults()


@pytest.fixture
def new_repository(tmp_path: Path, palabra: Palabra, runs: ForkServer) -> NewRepository:
    """Makes repositories, each with an account of its own, in folders that do not exist yet."""

    def make(name: str = "repository", **settings: Any) -> Repository:
        return Repository(tmp_path / name, palabra.account(), runs, **settings)

    return make


@pytest.fixture
def repository(new_repository: NewRepository) -> Repository:
    """An empty repository and an account with one foreign voice."""
    return new_repository()
