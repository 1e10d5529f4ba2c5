"""Sounds with known faults, mixed from a real voice of the repository."""

from __future__ import annotations

import io
import math
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

RATE = 16_000
VOICES = Path(__file__).parents[3] / "voices"


@cache
def voice(name: str = "announcer.wav") -> Samples:
    """Return a clean voice of the repository, mono, 16 kHz."""
    pieces: list[Samples] = []
    resampler = av.AudioResampler("flt", "mono", RATE)
    with av.open(VOICES / name) as container:
        for frame in container.decode(audio=0):
            pieces += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
    return np.concatenate(pieces).astype(np.float64)


def level(samples: Samples) -> float:
    """Return the mean square of what is within 25 dB of the loud parts: the speech."""
    energies: Samples = np.square(samples[: len(samples) // 256 * 256]).reshape(-1, 256).mean(axis=1)
    speech: Samples = energies[energies > np.percentile(energies, 95) * 10**-2.5]
    return float(speech.mean())


def coloured(count: int, slope: float, seed: int = 1) -> Samples:
    """Return noise whose power falls with the frequency to the power of `slope`: 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    frequency = np.fft.rfftfreq(count, 1 / RATE)
    return np.fft.irfft(spectrum * np.maximum(frequency, 60.0) ** (-slope / 2), count)


def babble(count: int) -> Samples:
    """Return three other voices at once."""
    others = ("narrator/narrator.mp3", "support/french.flac", "tour-guide/tour-guide.mp4")
    together = np.zeros(count)
    for name in others:
        together += np.resize(np.roll(voice(name), 50_000), count) / math.sqrt(level(voice(name)))
    return together


def mixed(samples: Samples, noise: Samples, snr: float) -> Samples:
    """Return the voice with noise that is `snr` dB below its speech."""
    gain = math.sqrt(level(samples) / float(np.square(noise).mean()) / 10 ** (snr / 10))
    return samples + gain * noise


def pcm(samples: NDArray[Any]) -> NDArray[np.int16]:
    """Return the samples as `Listener` hands them on."""
    rounded: NDArray[np.int16] = np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)
    return rounded


def write(path: Path, samples: Samples, *, codec: str = "pcm_s16le", rate: int = RATE, bit_rate: int = 64_000) -> Path:
    """Encode samples (one channel, or channels x samples) and return the path."""
    muxer = {"libmp3lame": "mp3", "aac": "mp4", "libopus": "webm", "flac": "flac"}.get(codec, "wav")
    block = np.atleast_2d(samples).astype(np.float32)
    layout = {1: "mono", 2: "stereo", 8: "7.1"}[len(block)]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=muxer) as output:
        stream = output.add_stream(codec, rate=48_000 if codec == "libopus" else rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        if muxer not in {"wav", "flac"}:
            stream.bit_rate = bit_rate
        resampler = av.AudioResampler(stream.format.name, layout, stream.rate)
        for start in range(0, block.shape[1], rate):
            packed = block[:, start : start + rate].T.reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
            frame.sample_rate = rate
            for piece in resampler.resample(frame):
                piece.pts = None
                output.mux(stream.encode(piece))
        output.mux(stream.encode(None))
    path.write_bytes(buffer.getvalue())
    return path
