"""What one pass over a sample measures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from audio import make_audio
from mixing import voice, write

from reconciler.samples.measure import measure
from reconciler.samples.measurement import from_json, to_json
from reconciler.samples.probe import probe
from reconciler.samples.rules import judge

VOICES = Path(__file__).parents[3] / "voices"
EXAMPLES = sorted(path for path in VOICES.rglob("*") if path.suffix in {".mp3", ".wav", ".mp4", ".webm", ".flac"})


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_a_clean_voice_has_no_findings(path: Path) -> None:
    measured = measure(path, speakers=False)

    assert judge(measured, {}) == ()
    assert measured.probe == probe(path)
    assert from_json(json.loads(json.dumps(to_json(measured)))) == measured


@pytest.mark.parametrize("container", ["mp3", "mp2", "flac", "webm", "mp4", "mpeg", "m4a"])
def test_every_format_measures_as_the_same_sound(tmp_path: Path, container: str) -> None:
    plain = measure(make_audio(tmp_path / "a", container="wav", seconds=4), speakers=False)
    coded = measure(make_audio(tmp_path / "b", container=container, seconds=4), speakers=False)

    assert coded.loudness_lufs == pytest.approx(plain.loudness_lufs, abs=0.5)
    assert coded.peak_dbfs == pytest.approx(plain.peak_dbfs, abs=2)
    assert len(coded.waveform.low) == len(coded.waveform.high) == 400


@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_f32le", "flac"])
def test_the_eight_channels_of_a_cinema_are_measured(tmp_path: Path, codec: str) -> None:
    gains = np.array([0.5, 0.4, 0.3, 0.2, 0.2, 0.1, 0.1, 0.1])

    found = measure(write(tmp_path / "a", gains[:, None] * voice(), codec=codec), speakers=False)
    alone = measure(write(tmp_path / "b", gains[0] * voice(), codec=codec), speakers=False)

    assert found.probe.channels == 8
    assert found.peak_dbfs == pytest.approx(alone.peak_dbfs, abs=0.01)
    assert found.speech_seconds == pytest.approx(alone.speech_seconds, rel=0.02)
