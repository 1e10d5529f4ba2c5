"""The requests of an apply, and nothing else: httpx, so many voices at a time. No file is looked at before it is sent.

Arguments: the server's address, the folder of the recordings, how many at a time, and "aiohttp" for the connections
that voicectl uses below httpx.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import httpx


def new_client(connections: int, below: str) -> httpx.AsyncClient:
    """Return the client that is measured."""
    if below == "aiohttp":
        from reconciler.palabra.connections import AiohttpTransport  # noqa: PLC0415 - the other one needs no aiohttp

        return httpx.AsyncClient(transport=AiohttpTransport(connections), timeout=30)
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx.AsyncClient(limits=limits, timeout=30)


async def apply(url: str, samples: list[Path], parallelism: int, below: str) -> None:
    """Make a voice of each sample, then list pages until all are ready."""
    turns = asyncio.Semaphore(parallelism)
    async with new_client(parallelism + 4, below) as client:

        async def make(sample: Path) -> None:
            new = {"filename": sample.name, "mime_type": "audio/mpeg", "lang_code": "en", "denoise": True}
            labels = {"gender": "female", "age_group": "adult", "mood": "happy"}
            body = {"name": sample.stem, "description": "Warm and calm.", "labels": labels, "samples": [new]}
            async with turns:
                answer = await client.post(f"{url}/saas/voice/clone", json={"data": body})
                upload = answer.json()["data"]["samples"][0]
                with sample.open("rb") as file:
                    part = {"file": (sample.name, file, "audio/mpeg")}
                    await client.post(upload["url"], data=upload["form_data"], files=part)

        async def read_pages() -> list[dict[str, str]]:
            voices, query = [], {"page_size": "50", "sort": "asc"}
            while query:
                page = (await client.get(f"{url}/saas/voice", params=query)).json()["data"]
                voices += page["items"]
                query = {"token": page["next"]} if "next" in page else {}
            return voices

        await read_pages()
        await asyncio.gather(*map(make, samples))
        while any(voice["processing_status"] != "ready" for voice in await read_pages()):  # noqa: ASYNC110 - a server
            await asyncio.sleep(0.5)


def main() -> None:
    """Read the arguments and do it."""
    url, folder, parallelism, *below = sys.argv[1:]
    asyncio.run(apply(url, sorted(Path(folder).rglob("*.mp3")), int(parallelism), "".join(below)))


if __name__ == "__main__":
    main()
