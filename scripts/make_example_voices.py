"""Build the example samples below voices/ from recordings that Debian distributes.

The recordings are the telephone prompts of Asterisk, spoken by people in a studio. voices/README.md names the
people and the licences. To build the files again, on Debian or Ubuntu:

    mkdir packages && cd packages
    apt-get download asterisk-core-sounds-{en,es,fr,it,ru}-g722
    for deb in *.deb; do dpkg -x "$deb" .; done
    cd .. && python scripts/make_example_voices.py packages

The committed samples are from version 1.6.1-1 and PyAV 18.1. The same packages and the same PyAV give the same bytes:
no creation times, no random identifiers, one encoder thread.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
from av.codec.context import Flags

SAMPLE_RATE = 16_000
"""Hz. What G.722 holds, so nothing is resampled on the way to the encoders."""

PAUSE = bytes(2 * SAMPLE_RATE * 3 // 10)
"""0.3 s of silence between two clips, as 16 bit samples."""

STEP = SAMPLE_RATE // 10
"""Samples that are encoded at a time: the sound of one picture, 0.1 s."""

WIDTH, HEIGHT, BAR = 160, 96, 4
"""Pixels: the picture of the video and one bar of its level meter (the last is a gap). One bar is one STEP."""

BLACK, WHITE = 16, 235
"""Luma of limited-range video."""

BY_SA = "CC BY-SA 3.0 US, https://creativecommons.org/licenses/by-sa/3.0/us/"
BY = "CC BY 3.0, https://creativecommons.org/licenses/by/3.0/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How one sample is made."""

    target: str
    """Path below voices/. The suffix chooses the container."""
    clips: str
    """Folder of the recordings, below usr/share/asterisk/sounds in the unpacked packages."""
    names: tuple[str, ...]
    """The clips in the order they are joined, without the suffix."""
    codec: str
    """FFmpeg's name of the audio encoder."""
    bit_rate: int | None = None
    """Bits a second, None for lossless codecs."""
    container: dict[str, str] = field(default_factory=dict)
    """Options of the muxer."""
    video: bool = False
    """Whether a moving level meter is drawn."""
    artist: str
    """Whom the licence asks to name. Written into the file so that the credit travels with it."""
    licence: str
    """Licence of the recording and of what is made from it."""


RECIPES = (
    Recipe(
        target="narrator/narrator.mp3",
        clips="en_US_f_Allison",
        names=("demo-congrats", "demo-abouttotry"),
        codec="libmp3lame",
        bit_rate=48_000,
        artist="Allison Smith",
        licence=BY_SA,
    ),
    Recipe(
        target="announcer.wav",
        clips="ru_RU_f_IvrvoiceRU",
        names=("demo-congrats",),
        codec="pcm_s16le",
        artist="Maxim Topal, ivrvoice.ru",
        licence=BY,
    ),
    Recipe(
        target="support/french.flac",
        clips="fr_CA_f_June",
        names=("demo-congrats", "demo-thanks"),
        codec="flac",
        artist="June Wallack",
        licence=BY_SA,
    ),
    Recipe(
        target="support/spanish.webm",
        clips="es_MX_f_Allison",
        names=("demo-congrats", "demo-thanks"),
        codec="libopus",
        bit_rate=32_000,
        artist="Allison Smith",
        licence=BY_SA,
    ),
    Recipe(
        target="tour-guide/tour-guide.mp4",
        clips="it_IT_m_Carlo",
        names=("demo-congrats", "demo-abouttotry"),
        codec="aac",
        bit_rate=48_000,
        container={"movflags": "+faststart"},
        video=True,
        artist="Carlo Flora",
        licence=BY,
    ),
)


def decode(clip: Path) -> bytes:
    """Return a G.722 file as 16 bit mono PCM of SAMPLE_RATE."""
    with av.open(clip, format="g722") as container:
        return b"".join(bytes(frame.planes[0]) for frame in container.decode(audio=0))


def steps(pcm: bytes) -> Iterator[av.AudioFrame]:
    """Cut PCM into frames of STEP samples; the last may be shorter."""
    for start in range(0, len(pcm) // 2, STEP):
        chunk = pcm[2 * start : 2 * (start + STEP)]
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(chunk) // 2)
        frame.planes[0].update(chunk)
        frame.sample_rate = SAMPLE_RATE
        frame.pts = start
        yield frame


def peak(frame: av.AudioFrame) -> float:
    """Return the largest sample of a frame, 0 to 1."""
    samples = memoryview(bytes(frame.planes[0])).cast("h")
    return max(abs(sample) for sample in samples) / 32768


def level_meter(levels: list[float]) -> av.VideoFrame:
    """Draw the latest levels as bars around the middle line, the newest at the right."""
    shown = levels[-(WIDTH // BAR) :]
    shown = [0.0] * (WIDTH // BAR - len(shown)) + shown
    rows = bytearray()
    for y in range(HEIGHT):
        height = abs(2 * y + 1 - HEIGHT) / HEIGHT
        for level in shown:
            rows += bytes([WHITE if height <= max(level, 1 / HEIGHT) else BLACK]) * (BAR - 1) + bytes([BLACK])
    picture = av.VideoFrame(WIDTH, HEIGHT, "gray")
    picture.planes[0].update(bytes(rows))
    return picture.reformat(format="yuv420p")


def make(recipe: Recipe, sounds: Path, voices: Path) -> Path:
    """Join the clips of a recipe, encode them and return the file written."""
    pcm = PAUSE.join(decode(sounds / recipe.clips / f"{name}.g722") for name in recipe.names)
    target = voices / recipe.target
    target.parent.mkdir(parents=True, exist_ok=True)

    with av.open(target, "w", options={"fflags": "+bitexact"} | recipe.container) as container:
        container.metadata.update(title=target.stem, artist=recipe.artist, copyright=recipe.licence)

        audio = container.add_stream(recipe.codec, rate=SAMPLE_RATE, layout="mono")
        assert isinstance(audio, av.AudioStream)  # a codec named at run time does not tell the type checker
        audio.codec_context.flags |= Flags.bitexact
        if recipe.bit_rate:
            audio.bit_rate = recipe.bit_rate

        video = None
        if recipe.video:
            video = container.add_stream("libx264", rate=SAMPLE_RATE // STEP, options={"crf": "30"})
            video.codec_context.flags |= Flags.bitexact
            video.codec_context.thread_count = 1
            video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"

        levels: list[float] = []
        for frame in steps(pcm):
            if video:
                levels.append(peak(frame))
                container.mux(video.encode(level_meter(levels)))
            container.mux(audio.encode(frame))
        if video:
            container.mux(video.encode(None))
        container.mux(audio.encode(None))
    return target


def main() -> None:
    """Make every sample and say what was written."""
    parser = argparse.ArgumentParser(description="Build the example samples below voices/.")
    parser.add_argument("packages", type=Path, help="folder with the unpacked Debian packages")
    parser.add_argument("--voices", type=Path, default=Path(__file__).parents[1] / "voices", help="where to write")
    arguments = parser.parse_args()

    sounds = arguments.packages / "usr/share/asterisk/sounds"
    for recipe in RECIPES:
        target = make(recipe, sounds, arguments.voices)
        print(f"{target}  {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
