"""How long `voicectl history` takes: a synthetic repository of many commits, made by `git fast-import`.

    python benchmarks/history.py --commits 10000 --voices 100

Every commit replaces the recording of one voice, as a year of work would. The repository is packed as `git gc` leaves
it, like a clone.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from reconciler.state.document import RecordedSample, StateDocument, VoiceRecord, render


def recording(number: int) -> bytes:
    return f"recording {number:08}".encode() * 20


def record(voice: int, number: int) -> VoiceRecord:
    raw = recording(number)
    sample = RecordedSample(
        file=f"voices/v{voice:04}/sample.mp3", sha256=hashlib.sha256(raw).hexdigest(), size=len(raw),
        stream_sha256=hashlib.sha256(raw).hexdigest(), lang_code="en", denoise=False, speech_normalization=True,
    )  # fmt: skip
    return VoiceRecord(f"voice-{number:08}", "ready", f"Voice {voice}", "Warm.", {"mood": "happy"}, sample)


def stream(commits: int, voices: int) -> Iterator[bytes]:
    """Yield what fast-import reads."""
    document = StateDocument("default", "line", 1, "me", {f"v{v:04}": record(v, v) for v in range(voices)})
    for number in range(commits):
        voice = number % voices
        key, new = f"v{voice:04}", record(voice, voices + number)
        document = replace(document, serial=number + 2, voices={**document.voices, key: new})
        message = f"Record {key} again (#{number})\n".encode()
        text = render(document).encode()
        raw = recording(voices + number)
        yield b"commit refs/heads/main\ncommitter Anna <anna@example.test> %d +0000\n" % (1_700_000_000 + number)
        yield b"data %d\n%s" % (len(message), message)
        yield b"M 100644 inline voices.state.json\ndata %d\n%s\n" % (len(text), text)
        yield b"M 100644 inline voices/%s/sample.mp3\ndata %d\n%s\n" % (key.encode(), len(raw), raw)


def make(folder: Path, commits: int, voices: int) -> None:
    def git(*arguments: str, stdin: bytes = b"") -> None:
        subprocess.run(["git", *arguments], cwd=folder, input=stdin, check=True, capture_output=True)

    git("init", "--quiet", "--initial-branch=main")
    (folder / "voicectl.yaml").write_text("project: measured\n")
    git("fast-import", "--quiet", stdin=b"".join(stream(commits, voices)))
    git("gc", "--quiet")
    git("reset", "--quiet", "--hard", "main")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commits", type=int, default=10_000)
    parser.add_argument("--voices", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make(folder, options.commits, options.voices)
        for asked in ([], ["v0007"], ["--voice-id", "voice-00000007"], ["--limit", "20"]):
            line = [sys.executable, "-m", "reconciler", "-C", str(folder), "history", "--json", *asked]
            began = time.perf_counter()
            ended = subprocess.run(line, check=True, capture_output=True)
            seconds = time.perf_counter() - began
            print(f"history {' '.join(asked):28} {seconds:6.2f} s  {len(ended.stdout):>11,} bytes of JSON")


if __name__ == "__main__":
    main()
