"""Values on their scales: the same limits and the same verdict as the rules have."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from review_gallery import CLIPPING, MUSIC, NOISE, NOISY, measurement, sample

from reconciler.errors import Severity
from reconciler.report.html.gauges import Gauge, Verdict, gauges
from reconciler.samples.measurement import Measurement
from reconciler.samples.rules import RULES, judge, not_checked
from reconciler.samples.settings import CheckSetting, Settings

NAMES = {"audio.noise": "Signal to noise", "audio.level": "Loudness", "sample.duration": "Duration"}
NAMES |= {"sample.size": "Size", "audio.silence": "Speech", "audio.clipping": "Clipping", "audio.hum": "Mains hum"}
NAMES |= {
    "audio.offset": "DC offset",
    "audio.speakers": "Second voice",
    "audio.music": "Music",
    "audio.clicks": "Clicks",
    "audio.background": "Background",
}


def shown(measured: Measurement, settings: Settings | None = None) -> dict[str, Gauge]:
    settings = settings or {}
    found, open_ = judge(measured, settings), not_checked(measured, settings)
    review = sample("a.mp3", *found, measured=measured, not_checked=open_, settings=settings)
    return {gauge.label: gauge for gauge in gauges(review, None)}


def test_every_rule_with_a_limit_has_a_scale() -> None:
    assert set(NAMES) == {rule.id for rule in RULES.values() if rule.bad is not None}
    assert set(NAMES.values()) < set(shown(measurement()))


@given(
    st.sampled_from(sorted(NAMES)),
    st.builds(CheckSetting, st.sampled_from([None, *Severity][:3]), st.just(value=False), st.none() | st.floats(0, 50)),
)
def test_the_zones_fill_the_scale_without_a_gap(rule: str, setting: CheckSetting) -> None:
    zones = shown(measurement(), {rule: setting})[NAMES[rule]].zones
    edges = [(float(zone.x[:-1]), float(zone.width[:-1])) for zone in zones]

    assert edges[0][0] == 0
    assert all(abs(x + width - following) < 0.02 for (x, width), (following, _) in pairwise(edges))
    assert abs(sum(edges[-1]) - 100) < 0.02


@given(st.floats(3, 60))  # below, nobody may be speaking at all, and that is no error
def test_a_value_stands_in_the_zone_of_its_verdict(snr: float) -> None:
    gauge = shown(measurement(snr_db=snr))["Signal to noise"]
    assert gauge.now.x is not None
    place = float(gauge.now.x[:-1])
    zones = [z for z in gauge.zones if float(z.x[:-1]) - 0.02 <= place <= float(z.x[:-1]) + float(z.width[:-1]) + 0.02]

    assert gauge.now.verdict in {zone.verdict for zone in zones}


def test_a_value_that_is_off_the_scale_sits_at_its_end() -> None:
    assert shown(measurement(snr_db=99.0))["Signal to noise"].now.x == "100%"
    assert shown(measurement(snr_db=-9.0))["Signal to noise"].now.x == "0%"


def test_the_limits_are_those_that_the_project_set() -> None:
    gauge = shown(measurement(), {"audio.noise": CheckSetting(threshold=33.5)})["Signal to noise"]

    assert gauge.limits == "error < 33.5 dB"
    assert [zone.verdict for zone in gauge.zones] == [Verdict.ERROR, Verdict.OK]


def test_a_rule_that_is_off_has_no_limits_and_no_verdict() -> None:
    gauge = shown(NOISY, {"audio.noise": CheckSetting(off=True)})["Signal to noise"]

    assert (gauge.limits, gauge.now.verdict, gauge.now.text) == ("no limit", Verdict.NONE, "9.8 dB")


@pytest.mark.parametrize(
    ("missing", "label", "text", "verdict"),
    [
        ("music", "Music", "not checked", Verdict.NOT_CHECKED),
        ("speakers", "Second voice", "not checked", Verdict.NOT_CHECKED),
        ("snr_db", "Signal to noise", "not checked", Verdict.NOT_CHECKED),
        ("hum_db", "Mains hum", "none heard", Verdict.NONE),
        ("loudness_lufs", "Loudness", "silent", Verdict.NONE),
    ],
)
def test_no_value_is_never_ok(missing: str, label: str, text: str, verdict: Verdict) -> None:
    reading = shown(measurement(**{missing: None}))[label].now

    assert (reading.text, reading.verdict, reading.x) == (text, verdict, None)


def test_a_value_past_its_limit_is_not_ok_where_the_finding_was_allowed() -> None:
    (noise,) = (gauge for gauge in gauges(sample("a.mp3", measured=NOISY), None) if gauge.label == "Signal to noise")

    assert noise.now.verdict is Verdict.NONE


def test_the_value_is_the_one_that_the_rule_looked_at() -> None:
    seen = sample("a.mp3", CLIPPING, measured=measurement(clipping=0.0))
    (clipping,) = (gauge for gauge in gauges(seen, None) if gauge.label == "Clipping")

    assert (clipping.now.text, clipping.now.verdict) == ("1.20 %", Verdict.ERROR)


def test_the_value_before_has_its_own_verdict() -> None:
    now, before = sample("b.mp3"), sample("a.mp3", NOISE, measured=NOISY, not_checked=(MUSIC,))
    noise = next(gauge for gauge in gauges(now, before) if gauge.label == "Signal to noise")

    assert noise.now.verdict is Verdict.OK
    assert noise.before is not None
    assert (noise.before.text, noise.before.verdict) == ("9.8 dB", Verdict.ERROR)
