"""How a project changes the limits of a rule."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mixing import VOICES

from reconciler.errors import Severity
from reconciler.samples.measure import measure
from reconciler.samples.measurement import Measurement, from_json, to_json
from reconciler.samples.rules import RULES, CheckSetting, Finding, Rule, judge, limits_of, not_checked

ERROR, WARNING = Severity.ERROR, Severity.WARNING
NOISE = Rule("audio.noise", "", "dB", "below", 25.0, 12.0)
GOOD = measure(VOICES / "announcer.wav", speakers=False)


@pytest.mark.parametrize(
    ("setting", "warning", "error"),
    [
        (CheckSetting(), 25.0, 12.0),
        (CheckSetting(ERROR), None, 25.0),
        (CheckSetting(WARNING), 25.0, None),
        (CheckSetting(threshold=15.0), 25.0, 15.0),
        (CheckSetting(threshold=30.0), None, 30.0),
        (CheckSetting(ERROR, threshold=18.0), None, 18.0),
        (CheckSetting(WARNING, threshold=18.0), 18.0, None),
    ],
)
def test_a_setting_replaces_limits(setting: CheckSetting, warning: float | None, error: float | None) -> None:
    limits = limits_of(NOISE, setting)

    assert (limits.warning, limits.error) == (warning, error)


def test_a_rule_that_only_warns_warns_from_the_threshold_on() -> None:
    limits = limits_of(Rule("audio.level", "", "LUFS", "below", -40.0), CheckSetting(threshold=-30.0))

    assert (limits.warning, limits.error) == (-30.0, None)


def findings(measured: Measurement, rule: str, setting: CheckSetting | None = None) -> list[Finding]:
    return [found for found in judge(measured, {rule: setting} if setting else {}) if found.rule == rule]


@given(snr=st.floats(-10, 80), limits=st.tuples(st.floats(0, 60), st.floats(0, 60)))
def test_a_stricter_threshold_finds_no_less(snr: float, limits: tuple[float, float]) -> None:
    lax, strict = sorted(limits)
    measured = replace(GOOD, snr_db=snr)

    for severity in (None, WARNING, ERROR):
        found_lax = findings(measured, "audio.noise", CheckSetting(severity, threshold=lax))
        found_strict = findings(measured, "audio.noise", CheckSetting(severity, threshold=strict))
        assert len(found_lax) <= len(found_strict)
        if ERROR in [found.severity for found in found_lax]:
            assert ERROR in [found.severity for found in found_strict]


def test_off_is_neither_found_nor_missed() -> None:
    off = {rule: CheckSetting(off=True) for rule in RULES}

    assert judge(replace(GOOD, snr_db=1.0, clipping=0.5), off) == ()
    assert not_checked(GOOD, off) == ()


def test_what_was_not_measured_is_not_called_good() -> None:
    bare = replace(GOOD, music=None, background=None)

    assert {skipped.rule for skipped in not_checked(bare, {})} == {"audio.music", "audio.background", "audio.speakers"}


@pytest.mark.parametrize(
    ("snr", "expected"), [(30.0, []), (26.0, []), (25.9, [WARNING]), (12.0, [WARNING]), (11.9, [ERROR])]
)
def test_noise_is_an_error_only_where_it_is_clear(snr: float, expected: list[Severity]) -> None:
    assert [found.severity for found in findings(replace(GOOD, snr_db=snr), "audio.noise")] == expected


def test_a_hard_rule_is_raised_capped_and_moved_as_well() -> None:
    assert [found.severity for found in findings(GOOD, "sample.duration", CheckSetting(threshold=60.0))] == [ERROR]
    assert findings(GOOD, "sample.duration", CheckSetting(WARNING, threshold=20.0)) == []
    short = replace(GOOD, probe=replace(GOOD.probe, duration=3.0))
    assert [found.severity for found in findings(short, "sample.duration", CheckSetting(WARNING))] == [WARNING]


def test_tops_that_pile_up_are_an_error_only_for_who_asks() -> None:
    measured = replace(GOOD, piled=0.05)

    assert [found.severity for found in findings(measured, "audio.clipping")] == [WARNING]
    assert [found.severity for found in findings(measured, "audio.clipping", CheckSetting(ERROR))] == [ERROR]


def test_every_finding_names_its_rule_its_value_and_a_way_out() -> None:
    bad = replace(GOOD, snr_db=3.0, clipping=0.2, dc_offset=0.2, loudness_lufs=-60.0, hum_db=40.0, speech_seconds=2.0)

    for found in judge(bad, {}):
        assert found.advice
        assert (found.value, found.threshold) != (None, None)
        assert found.unit == RULES[found.rule].unit
    assert len(judge(bad, {})) == 6


def test_a_measurement_survives_the_cache() -> None:
    assert from_json(json.loads(json.dumps(to_json(GOOD)))) == GOOD


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("snr_db", "loud"),
        ("snr_db", float("nan")),
        ("clipping", None),
        ("clipping", True),
        ("probe", {}),
        ("speech", [{"start": 1.0}]),
        ("speech", {}),
        ("waveform", {"low": [0.5], "high": [1]}),
        ("unknown", 1),
    ],
)
def test_what_was_kept_wrongly_is_not_believed(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r" is | has other fields"):
        from_json({**to_json(GOOD), field: value})


def test_the_same_file_measures_the_same() -> None:
    assert measure(VOICES / "announcer.wav", speakers=False) == GOOD
