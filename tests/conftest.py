"""What every test has in common.

Property tests try the same examples each time, so that a red run can be repeated; new examples come from
`benchmarks/endurance.py`, and from `pytest --hypothesis-profile explore`. A sample is measured once in a run of
the tests, however many repositories it is copied to: measurements are kept by content.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("repeatable")


_RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
MEASUREMENTS = Path(tempfile.gettempdir()) / f"voicectl-tests-{_RUN}"
"""Shared by the processes of one run."""
os.environ["VOICECTL_CACHE"] = str(MEASUREMENTS)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remove the measurements, when the last process is done with them."""
    if not hasattr(session.config, "workerinput"):
        shutil.rmtree(MEASUREMENTS, ignore_errors=True)
