"""The server of the live page: who may ask, and for what."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import httpx
import pytest
from cli_world import World
from watch_process import Watch


@pytest.fixture
def served(applied: World) -> Iterator[str]:
    """The address of a page of two voices."""
    watching = Watch(applied.root, applied.environ, "--serve")
    try:
        said = watching.event("message")["message"]
        watching.planned(unchanged=2)
        yield said.removeprefix("The page is at ")
    finally:
        watching.close()


def test_it_answers_only_to_its_own_name_and_gives_nothing_away(served: str, applied: World) -> None:
    url = served
    with httpx.Client() as client:
        page = client.get(url)
        (sha256,) = set(re.findall(r"audio/([0-9a-f]{64})", page.text[: page.text.index("support/anna")])) or {""}
        clip = client.get(f"{url}audio/{sha256}", headers={"Range": "bytes=10-19"})
        foreign = [client.get(url, headers={"Host": name}).status_code for name in ("evil.example", "127.0.0.1", "")]

        assert url.startswith("http://127.0.0.1:")
        assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'sha256-")
        assert "access-control-allow-origin" not in page.headers
        assert page.headers["cross-origin-resource-policy"] == "same-origin"
        assert (clip.status_code, len(clip.content)) == (206, 10)
        assert clip.content == (applied.root / "voices/narrator/sample.mp3").read_bytes()[10:20]
        assert foreign == [421, 421, 421]
        assert client.get(f"{url}audio/{'0' * 64}").status_code == 404
        assert client.get(f"{url}audio/../voicectl.yaml").status_code == 404
        assert client.post(url).status_code == 405


def test_a_save_is_an_event(served: str, applied: World) -> None:
    with httpx.Client(timeout=30) as client:
        client.get(served)
        with client.stream("GET", f"{served}events") as events:
            lines = events.iter_lines()
            assert next(line for line in lines if line.startswith("id:")) != ""
            applied.declare("narrator", description="Cool.", labels={"gender": "female", "mood": "neutral"})
            news = (line for line in lines if line.startswith("data:"))
            assert any("1 to update" in client.get(served).text for _ in news)


def test_a_port_that_is_taken_is_said(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ran = world.process("watch", "--serve", str(port))

    assert ran.code == 1
    assert f"The page cannot be served on port {port}" in ran.err
    assert "name another port, or none for any free one" in ran.err
    assert ran.out == ""


@pytest.mark.parametrize("options", [("--poll", "0s"), ("--poll", "0.5s"), ("--serve", "99999"), ("--serve", "here")])
def test_what_makes_no_sense_is_a_usage_error(world: World, options: tuple[str, str]) -> None:
    ran = world.run("watch", *options)

    assert ran.code == 64
    assert ran.out == ""
