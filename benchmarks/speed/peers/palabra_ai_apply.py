"""What somebody writes today with the official client, `palabra-ai`: create() of each sample, so many at a time.

Arguments: the server's address, the folder of the recordings, how many at a time.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from palabra_ai.management import VoicesAPI


async def apply(url: str, samples: list[Path], parallelism: int) -> None:
    """Make a voice of each sample, and wait until it is ready."""
    voices, turns = VoicesAPI("a key", url), asyncio.Semaphore(parallelism)

    async def make(sample: Path) -> None:
        labels = {"gender": "female", "age_group": "adult", "mood": "happy"}
        async with turns:
            made = await voices.create(
                sample, name=sample.stem, language="en", description="Warm and calm.", labels=labels, wait=False
            )
        await voices.wait_ready(made.id)

    await asyncio.gather(*map(make, samples))


def main() -> None:
    """Read the arguments and do it."""
    url, folder, parallelism = sys.argv[1:]
    asyncio.run(apply(url, sorted(Path(folder).rglob("*.mp3")), int(parallelism)))


if __name__ == "__main__":
    main()
