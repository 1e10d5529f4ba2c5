"""Every shell block of the README and of docs/ is run, in the order of its page, by a reader with a real repository.

A block of YAML whose title is a file is written to that file. A page's blocks are one session of bash that ends at the first command that fails. What a `console` block shows below
its `$` lines is what they print, but for voice ids and seconds. The reader has the example repository with an upstream
to push to, an account (the emulator, over HTTP), and a recording in the home folder.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from git_folder import GitFolder

from reconciler.emulator.server import EmulatorServer
from reconciler.emulator.settings import EmulatorSettings

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

IDENTITY = {"NAME": "Anna Example", "EMAIL": "anna@example.test"}
KNOWN = {"sh", "console", "yaml", "json", "text", "markdown", "python", "gitattributes", "csv"}

ELSEWHERE = {
    "python3 -m venv .venv && .venv/bin/pip install -q -e . && ": "the set-up itself, run in a fresh clone",
    "python3 -m venv .venv && .venv/bin/pip install -q -e '.[dev]' && ": "by .ci/run, which runs this test",
    "$ voicectl --env local plan\n+/- announcer": "by test_readme.py, with the edits that the README tells of",
    "$ voicectl --help": "by test_readme.py",
    "pytest tests/reliability -n 2 ": "by .ci/run; with --every-point and for endurance by hand, which takes an hour",
}
"""Beginnings of blocks -> where else they are run."""

FROM_NOTHING = {"first-account.md", "tutorial.md"}
"""Pages whose reader begins in an empty folder."""

BEFORE = {
    ("README.md", "voicectl get narrator"): "voicectl apply --quiet",
    ("ci.md", "git add . && git commit"): "echo '# mine' >> voicectl.yaml",
    ("ci.md", "voicectl plan --detailed-exitcode"): "voicectl apply --quiet",
    ("recover.md", "git checkout --theirs voices.state.json"): """
        voicectl apply --commit --quiet
        git switch -qc other && voicectl apply --commit --quiet --replace narrator && git switch -q main
        voicectl apply --commit --quiet --replace narrator; git merge -q other || true
    """,
    ("teams.md", "voicectl import --all"): "voicectl apply --quiet",
    ("teams.md", "voicectl apply --yes --outputs"): """
        sed -i 's/^labels/lifecycle: {keep_replaced: 7d}\\nlabels/' voices/narrator/voice.yaml
        voicectl apply --quiet && voicectl apply --quiet --replace narrator
    """,
    ("teams.md", "voicectl state pull --out moving.json"): """
        edit() { sed -i 's/^environments:/environments:\\n  default: {state: elsewhere.state.json}/' "$1"; }
        EDITOR=edit
    """,
}
"""Page and beginning of a line -> what has happened by the time the reader gets there."""

INSTEAD = {
    "voicectl emulator --port 8080 --data .emulator": """
        coproc voicectl emulator --port 0 --data .emulator
        read -r -u "${COPROC[0]}" address
        trap "kill $COPROC_PID" EXIT
    """,
    "voicectl watch": "timeout --preserve-status 10 voicectl watch || test $? = 143",
    "PALABRA_API_URL=http://127.0.0.1:8080": "PALABRA_API_URL=${address##* }",
}
"""What is typed otherwise here: into a second window, and with a port that is free."""


def blocks_of(page: Path) -> Iterator[tuple[str, str]]:
    """Yield `sh`, `console` or a file's name, and the text of a block, without the indentation of a list around it."""
    fence = re.compile(r'^( *)```(?:(sh|console)|yaml title="([^"\n]+)")\n(.*?)^ *```$', re.MULTILINE | re.DOTALL)
    for indent, language, file, body in fence.findall(page.read_text()):
        text = "".join(line.removeprefix(indent) for line in body.splitlines(keepends=True))
        if not text.startswith(tuple(ELSEWHERE)):
            yield language or file, text


def session(page: Path) -> str:
    """Return the page as one script. Stdout is what console blocks print, as they show it."""
    script = "set -eu\nexec 3>&1 >/dev/null\n"
    for language, block in blocks_of(page):
        if language not in ("sh", "console"):
            script += f"cat > {shlex.quote(language)} <<'END'\n{block}END\n"
            continue
        lines = [line.removeprefix("$ ") for line in block.splitlines() if language == "sh" or line.startswith("$ ")]
        for (name, beginning), told in BEFORE.items():
            if name == page.name and any(line.startswith(beginning) for line in lines):
                script += f"{told}\n"
        script += f"echo {shlex.quote('+ ' + block)} >&2\n"
        if language == "sh":
            script += f"{block}\n"
        else:
            script += "".join(f"echo {shlex.quote('$ ' + line)} >&3\n{line} >&3 2>&1\n" for line in lines)
    for shown, typed in INSTEAD.items():
        script = script.replace(f"\n{shown}\n", f"\n{typed}\n") if "voicectl" in shown else script.replace(shown, typed)
    return script


def shown_by(page: Path) -> str:
    """Return what the page's console blocks show."""
    return "".join(block for language, block in blocks_of(page) if language == "console")


def masked(text: str) -> str:
    """Return the text without what differs each time, or from machine to machine."""
    text = re.sub(r"^.*git lfs install.*\n", "", text, flags=re.MULTILINE)
    for number, voice_id in enumerate(
        dict.fromkeys(re.findall(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", text))
    ):
        text = text.replace(voice_id, f"ID-{number}")
    return re.sub(r"\b\d+\.\d s\b", "SECONDS", text)


def test_nothing_is_prepared_for_what_no_page_shows() -> None:
    """What this file says of blocks is about blocks that there are."""
    shown = {page.name: page.read_text() for page in PAGES}
    assert all(any(f"\n{begin}" in text for text in shown.values()) for begin in ELSEWHERE)
    assert all(re.search(rf"^ *(\$ )?{re.escape(line)}", shown[name], re.MULTILINE) for name, line in BEFORE)
    assert all(any(line in text for text in shown.values()) for line in INSTEAD)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder with `repository`, the example, and the environment of somebody who has an account."""
    home, here = tmp_path / "home", tmp_path / "repository"
    (home / "recordings").mkdir(parents=True)
    shutil.copy(ROOT / "voices" / "narrator" / "narrator.mp3", home / "recordings" / "anna.mp3")
    shutil.copytree(ROOT / "voices", here / "voices")
    shutil.copy(ROOT / "voicectl.yaml", here)
    (here / ".gitignore").write_text(".voicectl/\n")
    folder = GitFolder.init(here)
    folder.commit("Declare the voices")
    folder.bare_remote(tmp_path / "remote.git")
    with EmulatorServer(EmulatorSettings(data=tmp_path / "palabra", processing_time=0.1)) as emulator:
        yield (
            tmp_path,
            {
                **{name: os.environ[name] for name in ("VOICECTL_CACHE",) if name in os.environ},
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                "HOME": str(home),
                "LANG": "C.UTF-8",
                "GIT_CONFIG_NOSYSTEM": "1",
                **{f"GIT_{who}_{what}": told for who in ("AUTHOR", "COMMITTER") for what, told in IDENTITY.items()},
                "PALABRA_API_URL": emulator.url,
                "PALABRA_API_KEY": "plbr_of-the-reader",
                "VOICECTL_YES": "1",
            },
        )


@pytest.mark.parametrize("page", [page for page in PAGES if list(blocks_of(page))], ids=lambda page: page.name)
def test_what_a_page_shows_can_be_typed(page: Path, reader: tuple[Path, dict[str, str]]) -> None:
    """Block after block, in the order of the page, each with exit code 0."""
    tmp_path, environ = reader
    folder = tmp_path / ("elsewhere" if page.name in FROM_NOTHING else "repository")
    folder.mkdir(exist_ok=True)
    ended = subprocess.run(
        ["bash", "-c", session(page)], cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=120
    )
    assert ended.returncode == 0, ended.stderr[-4000:]
    assert masked(ended.stdout) == masked(shown_by(page))


def test_no_block_is_forgotten() -> None:
    """A fence without a language, or of another name for a shell, would not be run and not be missed."""
    for page in PAGES:
        languages = re.findall(r"^ *```(\w+)", page.read_text(), re.MULTILINE)
        opened = len(re.findall(r"^ *```", page.read_text(), re.MULTILINE))
        assert opened == 2 * len(languages), f"{page.name} has a fence without a language"
        assert set(languages) <= KNOWN, page.name
