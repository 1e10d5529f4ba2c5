"""inspect: the numbers say what the findings say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from review_gallery import CLIPPED, SHARED, measurement

from reconciler.apply.inspection import Inspected
from reconciler.apply.sample_checks import judge_sample
from reconciler.desired.identity import FileIdentity
from reconciler.report.inspected import inspected_json, inspected_text
from reconciler.report.paint import Paint
from reconciler.samples.measurement import Measurement


def inspected(measured: Measurement) -> Inspected:
    identity = FileIdentity("0" * 64, 480_123, pointer=False)
    return Inspected("a.mp3", identity, None, judge_sample(Path("a.mp3"), measured, {}))


def plain(measured: Measurement) -> dict[str, Any]:
    (said,) = json.loads(inspected_json([inspected(measured)]))
    return dict(said)


@pytest.mark.parametrize(
    ("clipping", "piled", "percent"),
    [(0.0, 0.1258, 12.58), (0.0004, 0.1, 10.0), (0.002, 0.1, 0.2), (0.2, 0.1, 20.0), (0.0, 0.0, 0.0)],
)
def test_the_measured_clipping_is_that_of_the_finding(clipping: float, piled: float, percent: float) -> None:
    measured = measurement(clipping=clipping, piled=piled)
    said = plain(measured)
    text = inspected_text([inspected(measured)], paint=Paint(on=False), width=80, encoding="utf-8")

    assert said["clipping_percent"] == percent
    assert [each["value"] for each in said["findings"]] == pytest.approx([percent] if percent else [])
    assert f"clipping   {percent:.2f}%" in text


def test_a_finding_has_every_place_where_it_is() -> None:
    (clipped,), (shared,) = plain(CLIPPED)["findings"], plain(SHARED)["findings"]
    (noisy,) = plain(replace(measurement(), snr_db=9.8))["findings"]

    assert clipped["places"] == [{"start": 12.0, "end": 14.1}, {"start": 31.0, "end": 31.6}]
    assert shared["places"] == [{"start": 24.0, "end": 31.0}]
    assert noisy["places"] == []
