"""What processing says about uploaded bytes. Its own reading of them, by decoding."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MIN_DURATION = 30.0
"""Seconds, as the guide asks."""


def find_problems(sample: Path) -> list[str]:
    """Return why a sample cannot become a voice; empty: it can. Decodes no more than it must."""
    import av  # noqa: PLC0415 - 0.2 s that starting the emulator does not need

    seconds = 0.0
    try:
        with av.open(str(sample)) as container:
            if not container.streams.audio:
                return ["Depended action failed. The sample has no audio stream."]
            for packet in container.demux(container.streams.audio[0]):
                try:
                    frames = packet.decode()
                except av.InvalidDataError:
                    continue  # one broken packet is not a broken sample
                seconds += sum(frame.samples / frame.sample_rate for frame in frames)
                if seconds >= MIN_DURATION:
                    return []
    except (av.FFmpegError, OSError) as error:
        return [f"Depended action failed. The sample cannot be read as audio or video: {error}"]
    if not seconds:
        return ["Depended action failed. The sample's audio cannot be decoded."]
    return [f"Depended action failed. The sample lasts {seconds:.2f} s; at least {MIN_DURATION:g} s are needed."]
