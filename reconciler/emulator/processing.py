"""Processing: probes uploads in worker threads and notes the verdicts.

A verdict lost with a killed process is found missing by the next start or read, and the upload probed again.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from reconciler.emulator.probe import find_problems

if TYPE_CHECKING:
    from reconciler.emulator.store import Store, VoiceRow


class Processing:
    """Belongs to one event loop; its threads see files only, never the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="emulator-probe")
        self._running: dict[tuple[str, int | None], asyncio.Task[None]] = {}

    def start(self, voice: VoiceRow) -> None:
        """Probe a voice's upload, unless there is none, or it is judged or being probed."""
        upload = (voice.voice_id, voice.uploaded_at)
        if voice.uploaded_at is None or voice.verdict is not None or upload in self._running:
            return
        task = asyncio.create_task(self._judge(voice))
        self._running[upload] = task
        task.add_done_callback(lambda _: self._running.pop(upload))

    def resume(self) -> None:
        """Probe whatever a dead process left unjudged."""
        for voice in self._store.unjudged():
            self.start(voice)

    async def close(self) -> None:
        """Give up what is not judged yet; the next start takes it up."""
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _judge(self, voice: VoiceRow) -> None:
        path = self._store.uploads / voice.blob_id
        problems = await asyncio.get_running_loop().run_in_executor(self._pool, find_problems, path)
        self._store.judge(voice, problems)
