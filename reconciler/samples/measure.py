"""Everything that can be measured on a sample, in one pass of the decoder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.samples.clicks import measure_clicks
from reconciler.samples.clipping import ClippingMeter
from reconciler.samples.extras import has_noise
from reconciler.samples.hum import measure_hum
from reconciler.samples.level import LevelMeter, LoudnessMeter
from reconciler.samples.listener import RATE, Listener, Sound, samples_of
from reconciler.samples.measurement import Measurement, Span, Speakers
from reconciler.samples.noise import measure_noise
from reconciler.samples.noise_extra import hear_background
from reconciler.samples.probe import listen
from reconciler.samples.spectrum import lacks_bass, measure_bands
from reconciler.samples.voice_activity import FRAME, spans_of, speech_frames
from reconciler.samples.waveform import draw_waveform

if TYPE_CHECKING:
    from av import AudioFrame


def measure(path: Path, *, speakers: bool = True) -> Measurement:
    """Decode the sample once, with bounded memory, and measure it.

    `speakers=False` leaves out the models that tell voices apart, which take longer than all the rest.
    Raises SampleError as `probe` does.
    """
    level, loudness, clipping = LevelMeter(), LoudnessMeter(), ClippingMeter()

    def hear(block: AudioFrame) -> None:
        loudness.hear(block)
        samples = samples_of(block)
        level.hear(samples, block.sample_rate)
        clipping.hear(samples, block.sample_rate)

    listener = Listener(hear)
    probed = listen(path, listener.frame)
    sound = listener.finish()
    voiced = speech_frames(sound)
    speech = spans_of(voiced)
    energies = level.energies
    beside = hear_background(sound) if has_noise() else None
    bands = measure_bands(sound)
    noise = measure_noise(energies, bands, voiced)
    return Measurement(
        probe=probed,
        loudness_lufs=loudness.lufs,
        peak_dbfs=level.peak_dbfs,
        clipping=clipping.share,
        piled=clipping.piled,
        clipped=clipping.spans,
        dc_offset=level.dc_offset,
        speech_seconds=float(voiced.sum()) * FRAME / RATE,
        speech=speech,
        snr_db=noise.snr_db,
        noise_dbfs=noise.noise_dbfs,
        noisy=noise.place,
        clicks_db=measure_clicks(energies, voiced),
        hum_db=measure_hum(sound),
        music=beside.music if beside else None,
        background=beside.quality if beside else None,
        speakers=_find_speakers(sound, speech, telephone=lacks_bass(bands, voiced)) if speakers else None,
        waveform=draw_waveform(sound),
    )


def _find_speakers(sound: Sound, speech: tuple[Span, ...], *, telephone: bool) -> Speakers:
    from reconciler.samples.speakers.detect import find_speakers  # noqa: PLC0415 - loads models

    return find_speakers(sound, speech, telephone=telephone)
