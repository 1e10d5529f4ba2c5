"""The review page as one document: no network, a strict content policy, the same bytes for the same input."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reconciler import __version__
from reconciler.report.html.gauges import Zone
from reconciler.report.html.plan_view import view_plan
from reconciler.report.html.review import LinkedAudio, Page, SampleReview, VoiceReview
from reconciler.report.html.voice_view import Detail, VoiceView, urgency, view_voice
from reconciler.report.html.writing import count, visible

ROOM = 1_000_000
"""Bytes that the page may have, without audio."""
FINE = 400
"""Columns of the waveform of a voice that is drawn in full."""
ECONOMIES = ((60, 100), (30, 100), (10, 80), (0, 40))
"""How many voices are drawn in full, the most urgent ones, and the columns for the others: the first pair with
which the page has room."""


def render_page(page: Page, *, live: bool = False) -> str:
    """Return the page as HTML, to be written as UTF-8. A live one asks its server whether there is a newer one.

    It stays under ROOM bytes plus audio for some hundred voices: scales and pictures are left out where they
    have no room, from the least urgent voice on.
    """
    voices = sorted(page.voices, key=lambda voice: not voice.changed)
    return _document(page, voices, _details(page, voices), live=live)


def _details(page: Page, voices: list[VoiceReview]) -> list[Detail]:
    """Return how much of each voice there is room for."""
    silent = [_silent(voice) for voice in voices]
    by_urgency = sorted(range(len(voices)), key=lambda i: urgency(voices[i]))
    details: list[Detail] = []
    room = 0
    for amount, coarse in ECONOMIES:
        fine = set(by_urgency[:amount])
        details = [Detail(i in fine, FINE if i in fine else coarse, pictures=False) for i in range(len(voices))]
        room = ROOM - len(_document(page, silent, details).encode())
        if room >= 0:
            break
    for index in by_urgency:
        room -= _picture_bytes(voices[index])
        if room < 0:
            break
        details[index] = replace(details[index], pictures=True)
    return details


def _document(page: Page, voices: list[VoiceReview], details: list[Detail], *, live: bool = False) -> str:
    # On a live page a voice that has not changed must read as before, whatever comes and goes around it.
    anchors_of = [f"v-{_short(v.key)}" if live else f"v{n}" for n, v in enumerate(voices, 1)]
    views = [view_voice(v, a, d) for v, a, d in zip(voices, anchors_of, details, strict=True)]
    anchors = {view.review.key: view.anchor for view in views}
    linked = any(isinstance(s.audio, LinkedAudio) for v in voices for s in (v.now, v.before) if s)
    return (
        _environment()
        .get_template("page.html.jinja")
        .render(
            page=page,
            plan=view_plan(page.plan, page.declared, anchors) if page.plan else None,
            voices=views,
            scales=_scales(views, live=live),
            policy=live_policy() if live else _policy(linked=linked),
            style=Markup(_asset("style.css")),  # noqa: S704 - our own file
            script=Markup(_asset("script.js")),  # noqa: S704 - our own file
            live_script=Markup(_asset("live.js")) if live else None,  # noqa: S704 - our own file
            version=__version__,
        )
    )


def _scales(views: list[VoiceView], *, live: bool) -> Mapping[tuple[Zone, ...], str]:
    """Return an id for each way of dividing a scale: hundreds of rows share a few."""
    scales: dict[tuple[Zone, ...], str] = {}
    for view in views:
        for gauge in view.gauges:
            scales.setdefault(gauge.zones, f"s-{_short(repr(gauge.zones))}" if live else f"s{len(scales)}")
    return scales


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _silent(voice: VoiceReview) -> VoiceReview:
    def without_audio(sample: SampleReview | None) -> SampleReview | None:
        return None if sample is None else replace(sample, audio=None)

    return replace(voice, now=without_audio(voice.now), before=without_audio(voice.before))


def _picture_bytes(voice: VoiceReview) -> int:
    """Return what the voice's pictures take on the page: base64, and the elements around it."""
    samples = [sample for sample in (voice.now, voice.before) if sample and sample.spectrogram_png]
    return sum(len(sample.spectrogram_png or b"") * 4 // 3 + 1000 for sample in samples)


def _policy(*, linked: bool) -> str:
    """Return a policy under which nothing runs but our script, and nothing is loaded from anywhere.

    Linked clips lie beside the page: `file:` when it is opened from disk, `'self'` when it is served.
    """
    media = "data: file: 'self'" if linked else "data:"
    return (
        f"default-src 'none'; script-src '{_digest('script.js')}'; style-src '{_digest('style.css')}'; "
        f"img-src data:; media-src {media}; base-uri 'none'; form-action 'none'"
    )


def live_policy() -> str:
    """Return the policy of a page that is served: it may ask its own server, for news and for audio."""
    return (
        f"default-src 'none'; script-src '{_digest('live.js')}' '{_digest('script.js')}'; "
        f"style-src '{_digest('style.css')}'; img-src data:; media-src data: 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _asset(name: str) -> str:
    return (files(__package__) / "templates" / name).read_text(encoding="utf-8")


def _digest(name: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(_asset(name).encode()).digest()).decode()}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["count"] = count
    return environment
