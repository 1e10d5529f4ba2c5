"""What every test has in common: property tests try the same examples each time, so that a red run can be repeated.

New examples come from `benchmarks/endurance.py`, and from `pytest --hypothesis-profile explore`.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("repeatable")
