"""Worlds for whole-program tests: a repository, an account, and the command line between them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_world import OpenWorld, World, make_template, worlds


@pytest.fixture(scope="session")
def applied_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world with `narrator` and `support/anna` applied; made once, copied for each test that wants it."""
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def open_world(tmp_path: Path, applied_template: Path) -> Iterator[OpenWorld]:
    """Opens worlds with settings of the emulator: open_world(applied=True, limit=3)."""
    yield from worlds((tmp_path / f"world-{number}" for number in range(9)), applied_template)


@pytest.fixture
def world(open_world: OpenWorld) -> World:
    """An empty repository and an empty account."""
    return open_world()


@pytest.fixture
def applied(open_world: OpenWorld) -> World:
    """A repository whose two voices, `narrator` and `support/anna`, are applied and ready."""
    return open_world(applied=True)
