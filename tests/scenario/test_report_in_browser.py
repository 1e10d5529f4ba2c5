"""The review page in a real Chromium: opened from disk, heard, walked through by keyboard, and attacked.

Skipped where no Chromium is installed (Debian: apt-get install chromium); CI has one.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from audio import make_audio

from reconciler.errors import Diagnostic, Position, Range, Severity
from reconciler.plan.change import Action, Change, FieldChange, Plan
from reconciler.plan.sides import PlanOptions, Recorded
from reconciler.report.html.page import render_page
from reconciler.report.html.review import EmbeddedAudio, LinkedAudio, Page, SampleReview, VoiceReview
from reconciler.samples.finding import Finding
from reconciler.samples.measure import measure
from reconciler.samples.picture import draw_spectrogram
from reconciler.samples.rules import not_checked

playwright_api = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium"),
    pytest.mark.xdist_group("browser"),
]

SECONDS = 12.0
EVIL = "<script>window.pwned=1</script><img src=x onerror='window.pwned=1'>\"'\u202e"
LONG = "extraordinarily-long-key/" * 6 + "x" * 120
CLIPPING = Finding("audio.clipping", Severity.ERROR, "clipped from 4 s", "record again", 2.0, 1.0, "%", 4.0, 5.5)
LATER = Finding("audio.music", Severity.WARNING, "music near the end", "cut it", 12.0, 5.0, "%", 9.0, 11.0)


@dataclass
class Visit:
    """A page that is open, and everything it said and asked for."""

    page: Any
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def audio(self, expression: str, index: int = 0) -> Any:
        return self.page.evaluate(f"document.querySelectorAll('audio')[{index}].{expression}")

    def see_player(self) -> None:
        """Scroll to the first player, which then reads how long its clip is."""
        self.page.locator("audio").first.scroll_into_view_if_needed()
        self.until("document.querySelector('audio').duration > 0")

    def until(self, condition: str) -> None:
        """Wait by asking: the page's policy forbids the eval that playwright would wait with."""
        deadline = time.monotonic() + 20
        while not self.page.evaluate(condition):
            assert time.monotonic() < deadline, condition
            self.page.wait_for_timeout(20)


Open = Callable[..., Visit]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--mute-audio", "--autoplay-policy=no-user-gesture-required"]
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Any, tmp_path: Path) -> Iterator[Open]:
    contexts = []

    def open_page(review: Page, *, width: int = 1280, dark: bool = False, scripts: bool = True) -> Visit:
        path = tmp_path / "review.html"
        path.write_text(render_page(review), encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        contexts.append(context)
        opened = Visit(context.new_page())
        opened.page.on("console", lambda message: opened.said.append(message.text))
        opened.page.on("pageerror", lambda error: opened.said.append(str(error)))
        opened.page.on("request", lambda request: opened.asked.append(request.url))
        opened.page.goto(path.as_uri())
        return opened

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("clips")
    return {
        "old": make_audio(folder / "old.mp3", container="mp3", seconds=SECONDS, seed=1),
        "new": make_audio(folder / "new take.wav", container="wav", seconds=SECONDS, seed=2),
    }


@pytest.fixture(scope="module")
def review(clips: dict[str, Path]) -> Page:
    """A page with real audio: one voice that is made, one with another sample, one that stays."""
    made = reviewed(clips["old"], CLIPPING, LATER)
    key = "clara"
    change = Change(key, Action.REPLACE, "sample changed", "v-1", fields=(FieldChange("name", "A", "B"),))
    return Page(
        title="Review",
        project="my-voices",
        environment="production",
        made_from="8ca8411c0ffee",
        plan=planned(change, Change("anna", Action.CREATE, "new voice")),
        declared=3,
        voices=(
            VoiceReview("anna", "Anna", Action.CREATE, "new voice", made),
            VoiceReview(key, "Clara", Action.REPLACE, "sample changed", reviewed(clips["new"]), reviewed(clips["old"])),
            VoiceReview("hanna", "Hanna", Action.UNCHANGED, "", reviewed(clips["new"])),
        ),
    )


def reviewed(path: Path, *findings: Finding) -> SampleReview:
    measured = measure(path, speakers=False)
    return SampleReview(
        file=path.name,
        sha256="0123456789abcdef" * 4,
        measurement=measured,
        findings=findings,
        not_checked=not_checked(measured, {}),
        spectrogram_png=draw_spectrogram(path, measured.probe.duration),
        audio=EmbeddedAudio(path.read_bytes(), measured.probe.mime_type),
    )


def planned(*changes: Change, diagnostics: tuple[Diagnostic, ...] = ()) -> Plan:
    options = PlanOptions(scope="p", now="2026-01-01T00:00:00Z")
    return Plan(Recorded("default", "line", 1, None, {}), options, changes, 1, diagnostics=diagnostics)


def with_audio(review: Page, audio: EmbeddedAudio | LinkedAudio | None) -> Page:
    voice = review.voices[0]
    assert voice.now is not None
    return replace(review, voices=(replace(voice, now=replace(voice.now, audio=audio)),))


def violations(opened: Visit) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - half a megabyte, for this alone

    found = Axe().run(opened.page).response["violations"]
    return [f"{each['id']}: {node['html']}" for each in found for node in each["nodes"]]


def test_it_opens_from_disk_and_asks_for_nothing_else(visit: Open, review: Page) -> None:
    opened = visit(review)
    assert opened.page.evaluate("[...document.querySelectorAll('audio')].every((each) => each.readyState === 0)")
    opened.see_player()

    assert opened.said == []
    assert [url for url in opened.asked if not url.startswith("data:")] == [opened.page.url]
    assert opened.page.evaluate("[...document.images].every((image) => image.naturalWidth === 600)")


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (360, False)])
def test_axe_finds_nothing_to_complain_of(visit: Open, review: Page, width: int, *, dark: bool) -> None:
    opened = visit(review, width=width, dark=dark)
    opened.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")

    assert violations(opened) == []


def test_axe_would_complain(visit: Open, review: Page) -> None:
    """A check that cannot fail says nothing."""
    opened = visit(with_audio(review, None))
    opened.page.evaluate("document.querySelector('img').removeAttribute('alt')")
    opened.page.evaluate("document.querySelector('.summary').style.color = '#ccc'")
    assert {text.split(":")[0] for text in violations(opened)} == {"image-alt", "color-contrast"}


def test_the_embedded_clip_can_be_read_and_a_finding_takes_the_player_there(visit: Open, review: Page) -> None:
    opened = visit(review)
    opened.see_player()
    assert opened.audio("duration") == pytest.approx(SECONDS, abs=0.2)

    opened.page.get_by_role("button", name="Play from 0:04.0").click()
    opened.until("document.querySelector('audio').currentTime > 4")
    assert 4 <= opened.audio("currentTime") < 6
    opened.audio("pause()")

    assert not opened.audio("paused") or opened.page.locator(".playhead").first.is_visible()
    wave, head = (opened.page.locator(each).first.bounding_box() for each in (".wave", ".playhead"))
    share = (head["x"] - wave["x"]) / wave["width"]
    assert share == pytest.approx(opened.audio("currentTime") / SECONDS, abs=0.02)


def test_a_click_on_the_waveform_takes_the_player_there(visit: Open, review: Page) -> None:
    opened = visit(review)
    box = opened.page.locator(".wave").first.bounding_box()
    opened.page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 2)
    opened.until("document.querySelector('audio').currentTime > 0")

    assert opened.audio("currentTime") == pytest.approx(0.75 * SECONDS, abs=0.1)
    assert opened.audio("paused")


def test_only_one_clip_plays_at_a_time(visit: Open, review: Page) -> None:
    opened = visit(review)
    for index in (0, 1):
        opened.audio("play()", index)
    opened.until("document.querySelectorAll('audio')[0].paused")
    assert not opened.audio("ended", 0)

    assert not opened.audio("paused", 1)


def test_a_clip_beside_the_page_plays_and_no_clip_is_no_player(
    visit: Open, review: Page, clips: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "a b#c"
    folder.mkdir()
    shutil.copy(clips["old"], folder / "t 1.mp3")
    linked = visit(with_audio(review, LinkedAudio("a b#c/t 1.mp3", "audio/mpeg")))
    linked.see_player()

    assert linked.audio("duration") == pytest.approx(SECONDS, abs=0.2)
    assert linked.said == []
    silent = visit(with_audio(review, None))
    assert silent.page.locator("audio, .times button").count() == 0
    assert silent.page.locator(".times").first.inner_text().strip() == "0:04.0-0:05.5"


def test_pointing_at_a_mark_or_reaching_it_by_keyboard_shows_the_finding(visit: Open, review: Page) -> None:
    opened = visit(review)
    finding = opened.page.locator(".finding", has_text="clipped from 4 s")
    box = opened.page.locator(".wave").first.bounding_box()
    opened.page.mouse.move(box["x"] + box["width"] * 4.75 / SECONDS, box["y"] + 20)
    assert opened.page.locator(".tip").first.inner_text() == "0:04.7\nclipped from 4 s"
    assert "lit" in finding.get_attribute("class")

    opened.page.mouse.move(0, 0)
    assert not opened.page.locator(".tip").first.is_visible()
    opened.page.locator("a.gutter", has_text="clipping").first.focus()
    assert opened.page.locator(".tip").first.inner_text() == "clipped from 4 s"


def test_everything_can_be_reached_by_keyboard_in_order_and_the_focus_is_seen(visit: Open, review: Page) -> None:
    opened = visit(review)
    seen: list[str] = []
    for _ in range(60):
        opened.page.keyboard.press("Tab")
        stop = opened.page.evaluate(
            """() => {
              const here = document.activeElement, style = getComputedStyle(here);
              if (here === document.body) return null;
              const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
              return [here.tagName + " " + (here.textContent || here.id || "").trim().slice(0, 30), ring];
            }"""
        )
        if stop is None:
            break
        # The player draws the focus on its own buttons.
        assert stop[1] or stop[0].startswith("AUDIO"), stop
        if stop[0] not in seen[-1:]:
            seen.append(stop[0])

    assert seen[0] == "A Skip to the voices"
    order = ["BUTTON Theme: auto", "A clara", "INPUT filter", "A 1 clipping", "AUDIO", "BUTTON 0:04.0-0:05.5"]
    places = [next(i for i, text in enumerate(seen) if text.startswith(wanted)) for wanted in order]
    assert places == sorted(places)
    assert sum(text.startswith("SUMMARY") for text in seen) == 1


def test_keys_walk_through_voices_and_findings_and_can_be_turned_off(visit: Open, review: Page) -> None:
    opened = visit(review)

    def focused(key: str) -> str:
        opened.page.keyboard.press(key)
        return str(opened.page.evaluate("document.activeElement.dataset.key || document.activeElement.innerText"))

    assert [focused("j"), focused("j"), focused("k")] == ["anna", "clara", "anna"]
    assert "clipped from 4 s" in focused("n")
    assert "music near the end" in focused("n") or "music near the end" in focused("n")
    assert "clipped from 4 s" in focused("p") or "clipped from 4 s" in focused("p")
    opened.page.keyboard.press(".")
    opened.until("!document.querySelector('audio').paused")
    opened.page.keyboard.press(".")
    opened.until("document.querySelector('audio').paused")
    opened.page.keyboard.press("/")
    opened.page.keyboard.type("jk")
    assert opened.page.locator("#filter").input_value() == "jk"

    opened.page.locator("#keys").click()
    assert opened.page.locator("#help").is_visible()
    opened.page.get_by_label("Single keys are on").uncheck()
    opened.page.keyboard.press("Escape")
    assert not opened.page.locator("#help").is_visible()
    opened.page.keyboard.press("?")
    assert not opened.page.locator("#help").is_visible()


def test_voices_are_filtered_by_key_by_change_and_by_finding(visit: Open, review: Page) -> None:
    opened = visit(review)

    def shown() -> list[str]:
        return [each.get_attribute("data-key") for each in opened.page.locator(".voice:visible").all()]

    assert shown() == ["anna", "clara", "hanna"]
    opened.page.locator("#filter").fill("ANNA")
    assert shown() == ["anna", "hanna"]
    assert opened.page.locator("#count").inner_text() == "2 of 3 shown"
    opened.page.get_by_label("Only changed").check()
    assert shown() == ["anna"]
    opened.page.locator("#filter").fill("")
    opened.page.get_by_label("Only changed").uncheck()
    opened.page.get_by_label("Only with findings").check()
    assert "hanna" not in shown()
    assert opened.said == []


def test_the_theme_follows_the_system_until_it_is_chosen(visit: Open, review: Page) -> None:
    opened = visit(review, dark=True)

    def paper() -> str:
        return str(opened.page.evaluate("getComputedStyle(document.body).backgroundColor"))

    dark = paper()
    opened.page.locator("#theme").click()
    light = paper()
    opened.page.reload()
    assert (dark, light, paper()) == ("rgb(20, 22, 25)", "rgb(250, 250, 248)", light)
    opened.page.keyboard.press("t")
    assert paper() == dark


@pytest.mark.parametrize(("width", "beside"), [(1280, True), (360, False)])
def test_before_and_after_stand_side_by_side_or_stacked(visit: Open, review: Page, width: int, *, beside: bool) -> None:
    opened = visit(review, width=width)
    before, now = (each.bounding_box() for each in opened.page.locator(".pair .sample").all())

    assert (before["y"] == now["y"] and before["x"] < now["x"]) is beside
    assert (before["x"] == now["x"] and before["y"] < now["y"]) is not beside


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_screen(visit: Open, review: Page, width: int) -> None:
    now = review.voices[0].now
    assert now is not None
    long = replace(now, file=LONG, findings=(replace(CLIPPING, message=LONG, rule=f"audio.{LONG}"),))
    voice = VoiceReview(LONG, LONG, Action.REPLACE, LONG, long, long)
    change = Change(LONG, Action.REPLACE, LONG, LONG, fields=(FieldChange(LONG, LONG, LONG),))
    diagnostic = Diagnostic(Severity.ERROR, LONG, LONG, LONG, LONG, Range(LONG, Position(1, 1)))
    opened = visit(
        replace(review, title=LONG, voices=(*review.voices, voice), plan=planned(change, diagnostics=(diagnostic,))),
        width=width,
    )

    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    inside = "(each) => { const box = each.getBoundingClientRect(); return box.right <= innerWidth + 1 || !box.width; }"
    assert opened.page.evaluate(f"[...document.querySelectorAll('p, h3, li, td, audio, .plot > *')].every({inside})")


def test_hostile_text_does_nothing(visit: Open, review: Page) -> None:
    now = review.voices[0].now
    assert now is not None
    evil = replace(
        now, file=EVIL, sha256=EVIL, findings=(replace(CLIPPING, message=EVIL, advice=EVIL, rule=EVIL, start=1.0),)
    )
    voice = VoiceReview(EVIL, EVIL, Action.REPLACE, EVIL, evil, replace(evil, audio=LinkedAudio(EVIL, EVIL)))
    change = Change(EVIL, Action.REPLACE, EVIL, EVIL, fields=(FieldChange(EVIL, EVIL, EVIL),))
    opened = visit(replace(review, title=EVIL, project=EVIL, made_from=EVIL, voices=(voice,), plan=planned(change)))
    opened.page.locator("a.gutter").first.focus()
    opened.page.locator("#filter").fill("<script>")

    assert opened.page.evaluate("window.pwned") is None
    assert opened.page.locator(".tip").first.inner_text() == "" or "<script>" in opened.page.content()
    assert opened.page.locator("script").count() == 1
    assert opened.page.locator("img").count() == 2
    assert opened.page.locator(".voice:visible").count() == 1
    assert "\u202e" not in opened.page.content()


def test_the_policy_stops_what_would_be_injected_all_the_same(visit: Open, review: Page) -> None:
    opened = visit(review)
    opened.page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.pwned = 1";
          document.body.append(script);
          const image = document.createElement("img");
          image.src = "https://voicectl.invalid/beacon";
          document.body.append(image);
          document.body.insertAdjacentHTML("beforeend", "<b onclick='window.pwned = 1'>x</b>");
          document.body.lastElementChild.click();
        }"""
    )

    assert opened.page.evaluate("window.pwned") is None
    assert sum("Content Security Policy" in text for text in opened.said) == 3
    assert sum("img-src" in text for text in opened.said) == 1


def test_it_reads_without_scripts(visit: Open, review: Page) -> None:
    opened = visit(review, scripts=False)

    assert opened.page.get_by_role("heading", name="anna", exact=True).is_visible()
    assert opened.page.locator(".finding", has_text="clipped from 4 s").is_visible()
    assert opened.page.locator("audio").first.is_visible()
    assert not opened.page.locator(".filter").is_visible()
    assert not opened.page.locator("#theme").is_visible()


def test_paper_has_no_controls_and_light_colours(visit: Open, review: Page) -> None:
    opened = visit(review, dark=True)
    opened.page.emulate_media(media="print", color_scheme="dark")

    assert not opened.page.locator("audio, .filter, .tools").first.is_visible()
    assert opened.page.evaluate("getComputedStyle(document.body).color") == "rgb(29, 33, 38)"
