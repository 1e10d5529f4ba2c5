"""Finding and reading all voice files of a repository."""

from __future__ import annotations

import os
import socket
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.desired.load import Voices, load_project, load_voices
from reconciler.errors import RepositoryError, Severity

VOICE = "name: Anna\nsamples: [{file: a.mp3, lang_code: en}]\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    (root / "voices").mkdir(parents=True)
    (root / ".git").mkdir()
    return root


def write(root: Path, path: str, text: str = VOICE) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def load(root: Path) -> Voices:
    return load_voices(load_project(root)[0])


def told(voices: Voices) -> list[str]:
    return [f"{problem.severity} {problem.rule} {problem.key} {problem.range}" for problem in voices.diagnostics]


def test_a_key_is_the_path_without_the_ending_and_a_last_part_voice(root: Path) -> None:
    for path in ("narrator/voice.yaml", "support/anna.yaml", "b.yml", "voice.yaml", "x/y/voice.yml", "a.b.YAML"):
        write(root, f"voices/{path}")

    voices = load(root)

    assert list(voices.specs) == ["a.b", "b", "narrator", "support/anna", "voice", "x/y"]
    assert told(voices) == []
    assert voices.specs["support/anna"].source.filename == "voices/support/anna.yaml"
    assert root / "voices/support/anna.yaml" == voices.specs["support/anna"].source.path


def test_hidden_and_other_files_are_no_voices(root: Path) -> None:
    for path in (".hidden.yaml", ".git/x.yaml", "a.mp3", "a.yaml.bak", "yaml"):
        write(root, f"voices/{path}")

    assert Voices({}, frozenset(), ()) == load(root)


def test_one_broken_file_leaves_the_others_and_is_not_a_removed_voice(root: Path) -> None:
    write(root, "voices/a.yaml")
    write(root, "voices/b.yaml", "name: [")
    write(root, "voices/c.yaml", "name: x\nnmae: y\n")

    voices = load(root)

    assert list(voices.specs) == ["a"]
    assert voices.broken == {"b", "c"}
    assert sorted(told(voices)) == [
        "error voice.missing-field c voices/c.yaml:1:1",
        "error voice.unknown-field c voices/c.yaml:2:1",
        "error voice.value c voices/c.yaml:1:7",
        "error yaml.syntax b voices/b.yaml:1:8",
    ]


@pytest.mark.parametrize("other", ["anna/voice.yaml", "anna.yml"])
def test_a_key_declared_twice_names_both_files_and_is_neither(root: Path, other: str) -> None:
    write(root, "voices/anna.yaml")
    write(root, f"voices/{other}")

    voices = load(root)

    (problem,) = voices.diagnostics
    assert problem.rule == "voice.duplicate-key"
    assert "voices/anna.yaml" in problem.summary
    assert f"voices/{other}" in problem.summary
    assert (dict(voices.specs), set(voices.broken)) == ({}, {"anna"})


def test_keys_that_are_one_file_on_other_disks_are_warned_of(root: Path) -> None:
    for name in ("Anna", "anna"):
        write(root, f"voices/{name}.yaml")

    voices = load(root)

    assert len(voices.specs) == 2
    assert [(p.severity, p.rule) for p in voices.diagnostics] == [(Severity.WARNING, "voice.similar-key")]


def test_a_key_is_the_same_whatever_unicode_form_the_disk_keeps_its_name_in(root: Path) -> None:
    write(root, f"voices/{unicodedata.normalize('NFD', 'zoë')}.yaml")

    assert list(load(root).specs) == [unicodedata.normalize("NFC", "zoë")]


def test_two_files_of_one_key_in_two_unicode_forms_are_refused(root: Path) -> None:
    for form in ("NFC", "NFD"):
        write(root, f"voices/{unicodedata.normalize(form, 'zoë')}.yaml")

    assert [p.rule for p in load(root).diagnostics] == ["voice.duplicate-key"]


@pytest.mark.parametrize("name", ["a b", "a[1]", "a\tb", "a\u00a0b", os.fsdecode(b"a\xff")])
def test_a_key_that_cannot_stand_in_the_ownership_mark_is_refused(root: Path, name: str) -> None:
    write(root, f"voices/{name}.yaml")

    voices = load(root)

    (problem,) = voices.diagnostics
    assert problem.rule == "voice.key"
    assert voices.broken == {name}
    assert problem.summary.isprintable()


def test_a_language_that_is_not_documented_is_a_warning(root: Path) -> None:
    write(root, "voices/a.yaml", VOICE.replace("en}", "no}"))

    voices = load(root)

    assert voices.specs["a"].sample.lang_code == "no"
    assert told(voices) == ["warning voice.lang-code a voices/a.yaml:2:36"]


def test_two_voices_cannot_import_one(root: Path) -> None:
    for key in ("a", "b"):
        write(root, f"voices/{key}.yaml", VOICE + "import: v1\n")

    voices = load(root)

    assert told(voices) == ["error voice.import a voices/a.yaml:3:9", "error voice.import b voices/b.yaml:3:9"]
    assert (dict(voices.specs), set(voices.broken)) == ({}, {"a", "b"})


def test_a_previous_key_has_one_successor(root: Path) -> None:
    for key in ("a", "b"):
        write(root, f"voices/{key}.yaml", VOICE + "previously: [old]\n")

    voices = load(root)

    assert told(voices) == [
        "error voice.previously a voices/a.yaml:3:14",
        "error voice.previously b voices/b.yaml:3:14",
    ]


@pytest.mark.parametrize("text", [VOICE, "name: ["])
def test_a_previous_key_is_not_still_declared_even_by_a_broken_file(root: Path, text: str) -> None:
    write(root, "voices/a.yaml", VOICE + "previously: [b]\n")
    write(root, "voices/b.yaml", text)

    assert "error voice.previously a voices/a.yaml:3:14" in told(load(root))


def test_links_inside_the_repository_are_followed_and_circles_end(root: Path) -> None:
    write(root, "shared/anna.yaml")
    (root / "voices/team").symlink_to(root / "shared")
    (root / "voices/team/back").symlink_to(root / "voices")
    (root / "voices/self").symlink_to("self")

    voices = load(root)

    assert list(voices.specs) == ["team/anna"]
    assert voices.diagnostics == ()


def test_links_that_leave_the_repository_are_not_followed(root: Path, tmp_path: Path) -> None:
    write(tmp_path, "outside/anna.yaml")
    (root / "voices/folder").symlink_to(tmp_path / "outside")
    (root / "voices/file.yaml").symlink_to(tmp_path / "outside/anna.yaml")

    voices = load(root)

    assert (dict(voices.specs), set(voices.broken)) == ({}, {"file"})
    assert sorted(told(voices)) == [
        "error voice.symlink None voices/file.yaml:1:1",
        "warning voice.symlink None voices/folder:1:1",
    ]


def test_a_voices_folder_outside_the_repository_is_an_error(root: Path, tmp_path: Path) -> None:
    write(tmp_path, "outside/anna.yaml")
    (root / "voices").rmdir()
    (root / "voices").symlink_to(tmp_path / "outside")

    voices = load(root)

    assert dict(voices.specs) == {}
    assert told(voices) == ["error voice.symlink None voices:1:1"]


def test_what_cannot_be_read_is_an_error_with_its_key(root: Path) -> None:
    os.mkfifo(root / "voices/pipe.yaml")  # opening it would wait for ever
    (root / "voices/gone.yaml").symlink_to("nowhere")
    write(root, "voices/empty.yaml", "# later\n")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(root / "voices/s.yaml"))
        voices = load(root)

    assert voices.broken == {"pipe", "gone", "empty", "s"}
    assert told(voices) == [
        "error voice.empty empty voices/empty.yaml:1:1",
        "error voice.unreadable gone voices/gone.yaml:1:1",
        "error voice.unreadable pipe voices/pipe.yaml:1:1",
        "error voice.unreadable s voices/s.yaml:1:1",
    ]


def test_a_folder_that_cannot_be_listed_stops_everything(root: Path) -> None:
    """Otherwise the voices in it would look removed, and be deleted."""
    (root / "voices").rmdir()
    (root / "voices").write_text("a file")

    with pytest.raises(RepositoryError) as caught:
        load(root)

    assert [problem.rule for problem in caught.value.diagnostics] == ["voice.unreadable"]


def test_no_voices_folder_is_a_warning(root: Path) -> None:
    (root / "voices").rmdir()

    assert told(load(root)) == ["warning project.no-voices None voices:1:1"]


FIELDS = ["name", "samples", "labels", "lifecycle", "previously", "import", "description", "file", "lang_code", "mood"]
ANYTHING = st.recursive(
    st.sampled_from(["Anna", "en", "a.mp3", "x", "no", "0s", "12", "true", "null", "'q'", "*a", "{", "\u00e9"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: "[" + ", ".join(parts) + "]")
        | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4).map(
            lambda fields: "{" + ", ".join(f"{field}: {value}" for field, value in fields.items()) + "}"
        )
    ),
    max_leaves=12,
)


@given(text=ANYTHING)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_is_a_voice_or_broken_with_an_error_and_a_place(root: Path, text: str) -> None:
    write(root, "voices/a.yaml", text)

    voices = load(root)

    errors = [problem for problem in voices.diagnostics if problem.severity is Severity.ERROR]
    assert ("a" in voices.specs) != ("a" in voices.broken)
    assert bool(errors) == ("a" in voices.broken)
    assert all(problem.range and problem.key == "a" and "\n" not in problem.summary for problem in errors)
