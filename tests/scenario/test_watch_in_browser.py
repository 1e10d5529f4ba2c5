"""`watch --serve` in a real Chromium: a producer records, saves, and the page moves under their eyes.

Skipped where no Chromium is installed (Debian: apt-get install chromium); CI has one.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest
from cli_world import World
from watch_process import Watch

playwright_api = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium"),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture
def served(applied: World) -> Iterator[tuple[Watch, str]]:
    """A world that is watched, and the address of its page."""
    watching = Watch(applied.root, applied.environ, "--serve")
    try:
        said = watching.event("message")["message"]
        watching.planned(unchanged=2)
        yield watching, said.removeprefix("The page is at ")
    finally:
        watching.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--mute-audio", "--autoplay-policy=no-user-gesture-required"]
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, served: tuple[Watch, str]) -> Iterator[Any]:
    """The page, open; whatever the browser complains of fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 700}, reduced_motion="reduce")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(served[1])
    until(page, "document.querySelectorAll('.voice').length === 2 && document.querySelectorAll('.wave').length === 2")
    page.evaluate("window.sameDocument = true")
    yield page
    assert [said for said in complaints if "ERR_CONNECTION_REFUSED" not in said] == []
    context.close()


def until(page: Any, condition: str) -> None:
    """Wait by asking: the page's policy forbids the eval that playwright would wait with."""
    deadline = time.monotonic() + 30
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, (condition, page.locator("main").inner_text()[:2000])
        page.wait_for_timeout(20)


def article(key: str) -> str:
    return f"document.querySelector('.voice[data-key=\"{key}\"]')"


def test_a_saved_recording_moves_waveform_findings_and_plan_without_a_reload(applied: World, page: Any) -> None:
    wave = f"{article('narrator')}.querySelector('.wave path').getAttribute('d')"
    before = page.evaluate(wave)
    applied.sample("narrator/sample.mp3", seconds=12, seed=9)
    until(page, f"{article('narrator')}.innerText.includes('sample.duration')")

    assert page.evaluate(wave) != before
    assert "1 to replace" in page.locator(".summary").inner_text()
    assert page.evaluate("window.sameDocument") is True
    assert page.locator("#live").inner_text() == "live"


def test_an_unchanged_player_keeps_playing_and_the_page_keeps_its_place(applied: World, page: Any) -> None:
    anna = f"{article('support/anna')}.querySelector('audio')"
    page.evaluate(f"{article('support/anna')}.querySelector('details').open = true")
    page.evaluate(f"{anna}.currentTime = 5")
    page.evaluate(f"{anna}.play()")
    until(page, f"{anna}.currentTime > 5.05")
    page.evaluate(f"window.player = {anna}")
    page.evaluate(f"{article('support/anna')}.scrollIntoView()")
    top = page.evaluate(f"{article('support/anna')}.getBoundingClientRect().top")
    applied.declare("narrator", description="Cool.", labels={"gender": "female", "mood": "neutral"})
    until(page, "document.querySelector('.summary').innerText.includes('1 to update')")
    at = page.evaluate(f"{anna}.currentTime")
    until(page, f"{anna}.currentTime > {at}")

    assert page.evaluate(f"window.player === {anna} && !{anna}.paused") is True
    assert abs(page.evaluate(f"{article('support/anna')}.getBoundingClientRect().top") - top) < 60
    assert page.evaluate(f"{article('support/anna')}.querySelector('details').open") is True


def test_a_changed_voice_with_the_same_recording_goes_on_where_it_was(applied: World, page: Any) -> None:
    audio = f"{article('narrator')}.querySelector('audio')"
    page.evaluate(f"{article('narrator')}.querySelector('details').open = true")
    page.evaluate(f"{audio}.currentTime = 7")
    until(page, f"{audio}.currentTime === 7")
    applied.declare("narrator", description="Cool.", labels={"gender": "female", "mood": "neutral"})
    until(page, f"'changed' in {article('narrator')}.dataset")
    until(page, f"{audio}.currentTime === 7")


def test_voices_come_and_go_and_are_as_alive_as_the_others(applied: World, page: Any) -> None:
    applied.declare("newcomer", seed=3)
    until(page, f"{article('newcomer')}?.querySelector('.wave path') != null")
    page.locator("#filter").fill("new")
    assert [each.get_attribute("data-key") for each in page.locator(".voice:visible").all()] == ["newcomer"]
    page.locator(".voice[data-key=newcomer] .plot .wave").click(position={"x": 300, "y": 10})
    until(page, f"{article('newcomer')}.querySelector('audio').currentTime > 0")
    applied.remove("newcomer")
    until(page, f"{article('newcomer')} === null")

    assert page.locator("#count").inner_text() == "0 of 2 shown"


def test_a_page_that_lost_its_server_says_so(page: Any, served: tuple[Watch, str]) -> None:
    assert served[0].end() == 143
    until(page, "document.querySelector('#live').textContent === 'not connected'")
