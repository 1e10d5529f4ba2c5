"""A life at random: edits, faults, kills, losses and applies, against a model that knows only what was declared.

After each apply that nothing disturbed, law 2 is checked, and law 1 with it. Also run, for longer, by
`benchmarks/endurance.py`.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

from forked_runs import KILLED, ForkServer
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from palabra_process import Palabra, matching
from voice_repository import Repository

KEYS = st.sampled_from(["anna", "boris", "clara", "dieter", "emma"])
SEEDS = st.integers(1, 6)
"""Fewer than there are keys and takes: two voices may well be of the same recording."""
KINDS = st.sampled_from(["create", "upload", "get", "list", "update", "delete", "limits"])
FAULTS = st.sampled_from(
    [
        {"status": 500},
        {"status": 502, "after": True},
        {"status": 503, "retry_after": 0},
        {"status": 429, "retry_after": 0},
        {"reset": "before"},
        {"reset": "after"},
        {"truncate": 10},
        {"garbage": True},
        {"delay": 0.5},
        {"hang": 5, "after": True},
    ]
)
LOSSES = st.sampled_from([{"state"}, {"journal"}, {"state", "journal"}])
IMPATIENT = {"VOICECTL_HTTP_TIMEOUT": "0.3"}
SETTLE = 1.5
"""Seconds; longer than the longest delay, after which a create may still be carried out."""


class RandomHistory(RuleBasedStateMachine):
    """One repository and one account. `palabra` and `runs` are set by whoever runs it."""

    palabra: ClassVar[Palabra]
    runs: ClassVar[ForkServer]
    tried: ClassVar[Counter[str]] = Counter()

    @initialize()
    def begin(self) -> None:
        """Begin with an empty account, but for somebody else's voice."""
        self._folder = tempfile.TemporaryDirectory(prefix="history-")
        self.repository = Repository(Path(self._folder.name) / "repository", self.palabra.account(), self.runs)
        self.repository.declare("anna")

    def teardown(self) -> None:
        """Forget it."""
        self.palabra.faults()
        if hasattr(self, "_folder"):
            self._folder.cleanup()

    # -- edits -----------------------------------------------------------------------------------------------------

    @rule(key=KEYS, seed=SEEDS, denoise=st.booleans())
    def record(self, key: str, seed: int, denoise: bool) -> None:
        """Declare a new voice, or record a declared one anew."""
        self._step("declare or record anew")
        self.repository.declare(key, seed=seed, sample={"denoise": denoise})

    @rule(
        key=KEYS,
        name=st.sampled_from(["Narrator", "Support", "Anna-2.0"]),
        description=st.sampled_from([None, "Warm.", "Two\nlines."]),
        mood=st.sampled_from(["happy", "sad", None]),
    )
    def edit(self, key: str, name: str, description: str | None, mood: str | None) -> None:
        """Change what can be changed in place."""
        self._step("edit")
        if key in self.repository.declared:
            self.repository.declare(key, name=name, description=description, labels=mood and {"mood": mood})

    @rule(key=KEYS, order=st.sampled_from(["create_first", "destroy_first"]))
    def choose_order(self, key: str, order: str) -> None:
        """Change how it is replaced."""
        self._step("choose the order of replacement")
        if key in self.repository.declared:
            self.repository.declare(key, lifecycle={"replace": order})

    @rule(key=KEYS)
    def remove(self, key: str) -> None:
        """Remove a voice file; never the last one, which would be taken for a mistake."""
        self._step("remove")
        if key in self.repository.declared and len(self.repository.declared) > 1:
            self.repository.remove(key)

    @rule(key=KEYS, new=KEYS)
    def rename(self, key: str, new: str) -> None:
        """Rename a voice file."""
        self._step("rename")
        if key in self.repository.declared and new not in self.repository.declared:
            self.repository.rename(key, new)

    # -- bad luck --------------------------------------------------------------------------------------------------

    @rule(what=LOSSES)
    def lose(self, what: set[str]) -> None:
        """Lose what the last run wrote down."""
        self._step("lose the " + " and the ".join(sorted(what)))
        self.repository.lose(what)

    @rule(nth=st.integers(0, 4))
    def meddle(self, nth: int) -> None:
        """Somebody deletes one of our voices, or gives it another name."""
        self._step("meddle")
        ours = list(self.repository.ours.values())
        if nth < len(ours):
            change = "DELETE FROM voice" if nth % 2 else "UPDATE voice SET name = 'Meddled with'"
            self.palabra.sql(f"{change} WHERE voice_id = ?", ours[nth].voice_id)

    @rule(kind=KINDS, fault=FAULTS, nth=st.sampled_from([1, 2, [1, 2, 3, 4], "every"]))
    def apply_with_faults(self, kind: str, fault: dict[str, Any], nth: Any) -> None:
        """Apply while one kind of request fails."""
        self._step("apply with faults")
        self.palabra.faults({"match": matching(kind), "nth": nth, "fault": fault})
        ran = self.repository.apply(environ=IMPATIENT, hurry=True, settle=SETTLE)
        self.palabra.faults()
        assert ran.code in (0, 1, 3), str(ran)
        assert "Traceback" not in ran.err, str(ran)

    @rule(point=st.integers(1, 25))
    def apply_and_die(self, point: int) -> None:
        """Apply, and be killed."""
        self._step("apply and be killed")
        ran = self.repository.apply(crash_at=point, hurry=True, settle=SETTLE)
        assert ran.code in (0, KILLED), str(ran)
        self.tried["kills"] += ran.code == KILLED
        self.repository.account.settle()

    # -- good days -------------------------------------------------------------------------------------------------

    @rule()
    def apply(self) -> None:
        """Apply undisturbed: the world is right, and a plan is empty."""
        self._step("apply")
        ran = self.repository.run("apply --yes", "plan --detailed-exitcode", hurry=True, settle=SETTLE)
        assert ran.code == 0, str(ran)
        self.repository.assert_right()

    @precondition(lambda self: hasattr(self, "repository"))
    @invariant()
    def nobody_else_is_touched(self) -> None:
        """Law 4, at every moment."""
        self.repository.assert_foreign_untouched()

    def _step(self, name: str) -> None:
        self.tried["steps"] += 1
        self.tried[name] += 1
