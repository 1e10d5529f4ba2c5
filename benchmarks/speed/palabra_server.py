"""A Palabra for measurements: every call takes the same time, and next to nothing of this machine's.

The project's own emulator checks what it gets and keeps it on disk; this one answers from memory, after `--delay`
seconds, and remembers when each call began and ended. It prints its address, and ends when its stdin is closed.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 50
KEY = re.compile(rb'name="key"\r\n\r\n([^\r]+)\r\n')
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Account:
    """The voices, and the calls that were made."""

    def __init__(self, path: Path, processing: float, clock: Callable[[], float]) -> None:
        self._path = path
        self._processing = processing
        self._clock = clock
        self._numbers = itertools.count()
        self.calls: list[tuple[str, float, float]] = []
        """What, and when it was received and answered, in seconds."""
        self.reset()

    def reset(self) -> None:
        """Go back to how the account was, and forget the calls."""
        self._voices: dict[str, dict[str, Any]] = {v["voice_id"]: v for v in json.loads(self._path.read_bytes())}
        self._rendered = {voice_id: json.dumps(voice).encode() for voice_id, voice in self._voices.items()}
        self._ready_at: dict[str, float] = {}
        self.calls.clear()

    def answer(  # noqa: PLR0911 - one for each call that there is
        self, method: str, target: str, body: bytes, address: str
    ) -> tuple[str, bytes]:
        """Return the kind of call, and the answer's JSON; empty for 204."""
        path = urlsplit(target).path
        if path == "/upload":
            voice_id = KEY.search(body)[1].decode()  # type: ignore[index] - our own form is sent back
            self._ready_at[voice_id] = self._clock() + self._processing
            return "upload", b""
        if path == "/saas/voice/clone":
            return "create", self._create(json.loads(body)["data"], address)
        if path == "/saas/voice/limits":
            return "limits", _data({"total": len(self._voices), "limit": 10**6, "remaining": 10**6})
        if path == "/saas/voice":
            query = parse_qs(urlsplit(target).query)
            return "list", self._page(int(query.get("token", ["0"])[0]))
        voice_id = path.rpartition("/")[2]
        if voice_id not in self._voices:
            return "get", b""  # no voice that anybody should ask for
        if method == "DELETE":
            self._voices.pop(voice_id), self._rendered.pop(voice_id)
            return "delete", _data({})
        if method == "POST":
            self._voices[voice_id] |= json.loads(body)["data"]
            self._rendered[voice_id] = json.dumps(self._voices[voice_id]).encode()
            return "update", self._wrapped(self._shown(voice_id))
        return "get", self._wrapped(self._shown(voice_id))

    def _create(self, asked: dict[str, Any], address: str) -> bytes:
        number = next(self._numbers)
        voice_id = f"made-{number:06}"
        voice = {
            "voice_id": voice_id, "user_id": "me", "utc_created_at": "2026-01-01T00:00:00.000000",
            "voice_type": "instantly_cloned", "processing_status": "created", "processing_result": None,
            "name": asked["name"], "description": asked.get("description"), "labels": asked.get("labels", {}),
            "lang_code": asked["samples"][0]["lang_code"], "samples": [{"item_id": "0", "blob_id": "b"}],
        }  # fmt: skip
        self._voices[voice_id] = voice
        self._rendered[voice_id] = json.dumps(voice).encode()
        form = {"key": voice_id, "Content-Type": "audio/mpeg"}
        return _data({**voice, "samples": [{"url": f"{address}/upload", "form_data": form}]})

    def _shown(self, voice_id: str) -> bytes:
        ready_at = self._ready_at.get(voice_id)
        if ready_at is not None:
            done = self._clock() >= ready_at
            self._voices[voice_id]["processing_status"] = "ready" if done else "pending"
            self._rendered[voice_id] = json.dumps(self._voices[voice_id]).encode()
            if done:
                del self._ready_at[voice_id]
        return self._rendered[voice_id]

    def _page(self, start: int) -> bytes:
        ids = list(itertools.islice(self._voices, start, start + PAGE))
        items = b",".join(map(self._shown, ids))
        following = start + PAGE
        more = b',"next":"%d"' % following if following < len(self._voices) else b""
        return self._wrapped(b'{"items":[%s],"page_size":%d,"count":%d%s}' % (items, PAGE, len(ids), more))

    @staticmethod
    def _wrapped(data: bytes) -> bytes:
        return b'{"ok":true,"data":%s}' % data


class Connection(asyncio.Protocol):
    """One client's connection: HTTP/1.1, one request after another."""

    def __init__(self, account: Account, delay: float) -> None:
        self._account = account
        self._delay = delay
        self._received = bytearray()
        self._wanted = 0
        """Bytes of the request that is being received; 0 until its head is there."""
        self._head = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport: Any = transport
        host, port = transport.get_extra_info("sockname")
        self._address = f"http://{host}:{port}"

    def data_received(self, data: bytes) -> None:
        """Collect a request, and answer it after the delay."""
        self._received += data
        if not self._wanted:
            self._head = self._received.find(b"\r\n\r\n") + 4
            if self._head < 4:
                return
            length = LENGTH.search(self._received, 0, self._head)
            self._wanted = self._head + (int(length[1]) if length else 0)
        if len(self._received) < self._wanted:
            return
        request, self._received = bytes(self._received), bytearray()
        head, self._wanted = self._head, 0
        method, target, _ = request[: request.index(b"\r\n")].decode().split(" ")
        if target == "/calls":
            self._send(json.dumps(self._account.calls).encode())
        elif target == "/reset":
            self._account.reset()
            self._send(b"{}")
        else:
            loop = asyncio.get_running_loop()
            begun = loop.time()
            kind, answer = self._account.answer(method, target, request[head:], self._address)

            def send() -> None:
                self._account.calls.append((kind, begun, loop.time()))
                self._send(answer)

            loop.call_at(begun + self._delay, send)

    def _send(self, answer: bytes) -> None:
        status = b"200 OK" if answer else b"204 No Content"
        self._transport.write(
            b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (status, len(answer), answer)
        )


def _data(value: Any) -> bytes:
    return b'{"ok":true,"data":%s}' % json.dumps(value).encode()


async def serve(path: Path, *, delay: float, processing: float) -> None:
    """Serve until stdin ends."""
    loop = asyncio.get_running_loop()
    account = Account(path, processing, loop.time)
    server = await loop.create_server(lambda: Connection(account, delay), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    print(f"http://{host}:{port}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("account", type=Path)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--processing", type=float, default=0.0)
    asked = parser.parse_args()
    asyncio.run(serve(asked.account, delay=asked.delay, processing=asked.processing))


if __name__ == "__main__":
    main()
