"""The bar while samples are measured: shown where there is something to wait for, and gone at the end."""

from __future__ import annotations

import pytest

from reconciler.report.checking import SampleProgress


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")  # what rich asks before it asks the stream
    monkeypatch.setenv("TERM", "xterm")


def test_there_is_a_bar_while_samples_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    with SampleProgress(shown=True, color=False) as progress:
        progress(0, 2)
        progress(2, 2)

    assert "Listening to the samples" in capsys.readouterr().err


@pytest.mark.parametrize("shown", [True, False])
def test_what_was_known_already_draws_no_bar(capsys: pytest.CaptureFixture[str], *, shown: bool) -> None:
    with SampleProgress(shown=shown, color=False) as progress:
        progress(2, 2)

    assert capsys.readouterr().err == ""
