"""The files in memory: only what was saved is read again, and what is broken keeps its place."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorded_voices import RecordedVoices, recorded_voices

from reconciler.errors import RepositoryError
from reconciler.watch.files import Repository, VoiceFiles


@pytest.fixture
def repository(tmp_path: Path) -> RecordedVoices:
    return recorded_voices(tmp_path, 4)


@pytest.fixture
def files(repository: RecordedVoices) -> VoiceFiles:
    files = VoiceFiles(repository.workspace())
    files.read()
    return files


def said(repository: Repository) -> list[tuple[str | None, str]]:
    return [(note.key, note.rule) for note in repository.desired.diagnostics]


def test_what_was_not_saved_is_the_very_same_object(repository: RecordedVoices, files: VoiceFiles) -> None:
    before = files.read([]).desired.voices
    after = files.read([str(repository.write("voice-1", "Cool."))])

    assert after.desired.voices["voice-1"].spec.description == "Cool."
    assert after.touched == {"voice-1"}
    assert {key for key in before if after.desired.voices[key] is not before[key]} == {"voice-1"}


def test_a_changed_file_that_nobody_told_of_is_found_by_a_look_at_all(
    repository: RecordedVoices, files: VoiceFiles
) -> None:
    repository.write("voice-2", "Cool.")

    assert files.read([]).desired.voices["voice-2"].spec.description == "Warm."
    assert files.read().desired.voices["voice-2"].spec.description == "Cool."


def test_a_saved_recording_is_hashed_again(repository: RecordedVoices, files: VoiceFiles) -> None:
    before = files.read([]).desired.voices["voice-1"].sample
    repository.sample("voice-1").write_bytes(b"another take")
    after = files.read([str(repository.sample("voice-1"))])

    assert after.desired.voices["voice-1"].sample != before
    assert after.touched == {"voice-1"}


def test_an_editor_that_renames_over_the_file_is_a_save(repository: RecordedVoices, files: VoiceFiles) -> None:
    path = repository.file("voice-1")
    swap = path.with_name("4913~")
    swap.write_text(path.read_text().replace("Warm", "Cool"))
    swap.replace(path)

    assert files.read([str(swap), str(path)]).desired.voices["voice-1"].spec.description == "Cool."


def test_a_broken_file_freezes_its_voice_and_no_other(repository: RecordedVoices, files: VoiceFiles) -> None:
    repository.file("voice-1").write_text("name: [")
    broken = files.read([str(repository.file("voice-1"))])

    assert broken.frozen == {"voice-1"}
    assert set(broken.desired.voices) == {"voice-0", "voice-2", "voice-3"}
    assert said(broken) == [("voice-1", "yaml.syntax")]
    repository.write("voice-1")
    assert files.read([str(repository.file("voice-1"))]).frozen == frozenset()


def test_a_recording_that_is_missing_freezes_its_voice_until_it_comes(
    repository: RecordedVoices, files: VoiceFiles
) -> None:
    content = repository.sample("voice-1").read_bytes()
    repository.sample("voice-1").unlink()
    missing = files.read([str(repository.sample("voice-1"))])
    repository.sample("voice-1").write_bytes(content)
    back = files.read([str(repository.sample("voice-1"))])

    assert missing.frozen == {"voice-1"}
    assert said(missing) == [("voice-1", "sample.missing")]
    assert not back.frozen
    assert said(back) == []


def test_voices_come_and_go_with_their_folders(repository: RecordedVoices, files: VoiceFiles) -> None:
    folder = repository.file("voice-1").parent
    shutil.rmtree(folder)
    gone = files.read([str(folder)])
    assert "voice-1" not in gone.desired.voices
    assert gone.frozen == frozenset()
    assert gone.touched == {"voice-1"}

    repository.write("fresh")
    shutil.copy(repository.sample("voice-0"), repository.sample("fresh"))
    come = files.read([str(repository.file("fresh").parent)])
    assert come.touched == {"fresh"}


def test_a_recording_that_somebody_still_writes_is_waited_for(repository: RecordedVoices, files: VoiceFiles) -> None:
    sample = repository.sample("voice-1")
    with sample.open("ab") as recorder:
        recorder.write(b"one second more")
        recorder.flush()
        growing = files.read([str(sample)])
    done = files.read([])

    assert growing.saving == growing.frozen == {"voice-1"}
    assert said(growing) == [("voice-1", "sample.changing")]
    assert not done.saving | done.frozen
    assert done.touched == {"voice-1"}


def test_two_voices_of_one_recording_both_see_it_change(repository: RecordedVoices, files: VoiceFiles) -> None:
    text = repository.file("voice-0").read_text().replace("sample.mp3", "../voice-1/sample.mp3")
    repository.file("voice-0").write_text(text)
    files.read([str(repository.file("voice-0"))])
    repository.sample("voice-1").write_bytes(b"another take")

    assert files.read([str(repository.sample("voice-1"))]).touched == {"voice-0", "voice-1"}


def test_recordings_elsewhere_in_the_repository_are_watched_too(repository: RecordedVoices, files: VoiceFiles) -> None:
    (repository.root / ".git").mkdir()
    elsewhere = repository.root / "recordings"
    elsewhere.mkdir()
    repository.sample("voice-1").rename(elsewhere / "one.mp3")
    text = repository.file("voice-1").read_text().replace("sample.mp3", "../../recordings/one.mp3")
    repository.file("voice-1").write_text(text)
    assert files.folders == frozenset()
    files.read()

    assert files.folders == {elsewhere}


EDITS = ("describe", "break", "claim", "retake", "lose", "remove", "share", "warn")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(EDITS), st.sampled_from(["voice-0", "voice-1", "voice-2"])), max_size=8))
def test_what_is_in_memory_is_what_a_first_look_would_find(
    repository: RecordedVoices, edits: list[tuple[str, str]]
) -> None:
    for key in repository.keys:
        repository.write(key)
        repository.sample(key).write_bytes(f"the recording of {key}".encode())
    files = VoiceFiles(repository.workspace())
    files.read()
    for number, (edit, key) in enumerate(edits):
        known = files.read(map(str, edited(repository, edit, key, number)))
        fresh = VoiceFiles(repository.workspace()).read()

        assert known.desired.voices == fresh.desired.voices
        assert known.desired.paths == fresh.desired.paths
        assert known.frozen == fresh.frozen
        assert sorted(said(known), key=str) == sorted(said(fresh), key=str)


def edited(repository: RecordedVoices, edit: str, key: str, number: int) -> list[Path]:
    """Edit a voice; return the paths that the system tells of."""
    file, sample = repository.file(key), repository.sample(key)
    match edit:
        case "describe":
            repository.write(key, f"Take {number}.")
        case "break":
            file.parent.mkdir(exist_ok=True)
            file.write_text("name: [")
        case "claim":
            repository.write(key).write_text(file.read_text() + "previously: [voice-9]\n")
        case "share":
            repository.write(key).write_text(file.read_text().replace("sample.mp3", "../voice-3/sample.mp3"))
        case "warn":
            repository.write(key).write_text(file.read_text().replace("lang_code: en", "lang_code: xx"))
        case "retake":
            sample.parent.mkdir(exist_ok=True)
            sample.write_bytes(f"take {number}".encode())
            return [sample]
        case "lose":
            sample.unlink(missing_ok=True)
            return [sample]
        case "remove":
            shutil.rmtree(file.parent, ignore_errors=True)
            return [file.parent]
    return [file]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_folder_that_is_closed_is_no_removed_voice(repository: RecordedVoices, files: VoiceFiles) -> None:
    folder = repository.file("voice-1").parent
    folder.chmod(0)
    try:
        with pytest.raises(RepositoryError):
            files.read([str(folder)])
    finally:
        folder.chmod(0o755)
