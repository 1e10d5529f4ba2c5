"""Histories that went wrong once. hypothesis found them; here they are found at once, and by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from reconciling import File, Repository, make_tracks
from worlds import Habits, Trouble

from reconciler.apply.events import Step
from reconciler.plan.change import Action

Open = Callable[..., Repository]


@pytest.fixture
def opened(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    tracks = tmp_path_factory.mktemp("tracks")
    cache = make_tracks(tracks)
    repositories: list[Repository] = []

    def open_one(habits: Habits | None = None, *, marks: bool = True) -> Repository:
        repositories.append(Repository(tmp_path, tracks, cache, habits or Habits(), marks))
        return repositories[-1]

    yield open_one
    for repository in repositories:
        repository.close()


def file(sample: str | None = "a.flac", **fields: Any) -> File:
    return {"name": "Anna", "samples": [{"file": sample, "lang_code": "en"}], **fields}


def done(repository: Repository) -> list[tuple[str, Action]]:
    """Apply in peace; return what was done."""
    applied = repository.apply()
    assert applied is not None
    assert all(outcome.step is Step.DONE for outcome in applied.outcomes), applied.outcomes
    return [(outcome.change.key, outcome.change.action) for outcome in applied.outcomes]


def test_a_lost_state_costs_no_voice_where_the_list_shows_no_descriptions(opened: Open) -> None:
    repository = opened(Habits(short_list=True))
    repository.files["anna"] = file()
    done(repository)
    repository.state.unlink()

    assert done(repository) == [("anna", Action.ADOPT)]
    assert list(repository.world.voices) == ["voice-1"]


def test_a_moved_key_with_an_old_state_document_is_settled_in_one_apply(opened: Open) -> None:
    repository = opened()
    repository.files["support/anna"] = file()
    done(repository)
    old = repository.state.read_text()
    repository.files["anna"] = file("b.flac", previously=["support/anna"])
    del repository.files["support/anna"]
    done(repository)

    repository.state.write_text(old)
    assert done(repository) == [("anna", Action.ADOPT)]

    assert list(repository.voices()) == ["anna"]
    assert done(repository) == []


def test_a_replacement_does_not_remember_retired_voices_that_are_gone(opened: Open) -> None:
    repository = opened()
    repository.files["anna"] = file(lifecycle={"keep_replaced": "1h"})
    done(repository)
    repository.files["anna"] = file("b.flac", lifecycle={"keep_replaced": "1h"})
    done(repository)
    del repository.world.voices["voice-1"]
    repository.files["anna"] = file()
    done(repository)
    text = repository.state.read_text()

    assert done(repository) == []
    assert repository.state.read_text() == text


def test_the_voice_that_works_stays_when_state_is_lost_and_the_file_goes_back(opened: Open) -> None:
    repository = opened()
    repository.files["anna"] = file(lifecycle={"keep_replaced": "1h"})
    done(repository)
    repository.files["anna"] = file("b.flac", lifecycle={"keep_replaced": "1h"})
    done(repository)
    repository.files["anna"] = file()
    repository.state.unlink()

    assert (("anna", Action.ADOPT) in done(repository), list(repository.world.voices)) == (True, ["voice-1"])


@pytest.mark.parametrize("form", ["trim", "collapse", "lower names", "nfd"])
def test_a_lost_create_is_found_by_its_name_where_the_server_writes_names_in_its_own_way(
    opened: Open, form: str
) -> None:
    repository = opened(Habits(forms=(form,)), marks=False)
    repository.files["anna"] = file() | {"name": " Zo\u00eb  B "}
    create = 2
    repository.apply({create: Trouble.LOST})
    assert repository.world.log[create] == ("POST", "/saas/voice/clone")

    done(repository)
    assert len(repository.world.voices) == 1


@pytest.mark.parametrize("form", ["nfc", "nfd"])
def test_a_mark_is_known_in_whatever_form_of_unicode_the_server_keeps_it(opened: Open, form: str) -> None:
    repository = opened(Habits(forms=(form,)))
    key = "zo\u00eb"
    repository.files = {key: file(), "anna": file()}
    done(repository)
    repository.state.unlink()

    assert sorted(done(repository)) == sorted([(key, Action.ADOPT), ("anna", Action.ADOPT)])
    assert done(repository) == []


def test_a_deleted_voice_that_the_list_still_shows_is_not_taken_for_the_one_of_a_lost_answer(opened: Open) -> None:
    repository = opened(Habits(lag=5.0, page_size=1))
    repository.files["anna"] = file()
    repository.apply({2: Trouble.KILLED_AFTER})
    repository.apply({9: Trouble.LOST})
    assert [entry for entry in repository.world.log if entry == ("POST", "/saas/voice/clone")][1:]

    done(repository)

    assert list(repository.world.voices) == [repository.voices()["anna"].voice_id]


def test_a_replacement_of_a_voice_that_was_never_seen_ready_is_not_begun_twice(opened: Open) -> None:
    """Killed while it waits for the replacement: without marks, only state knows the one that is on its way."""
    repository = opened(Habits(lag=5.0), marks=False)
    repository.files["anna"] = file()
    repository.apply({5: Trouble.KILLED_BEFORE})
    assert [(v.voice_id, v.status) for v in repository.world.voices.values()] == [("voice-1", "pending")]
    repository.loop.advance(60)
    repository.files["anna"] = file("b.flac")
    repository.apply({5: Trouble.KILLED_BEFORE})

    assert len(repository.world.voices) == 2

    done(repository)

    assert list(repository.world.voices) == [repository.voices()["anna"].voice_id] == ["voice-2"]


def test_a_voice_that_is_imported_in_place_of_one_that_is_gone_leaves_the_kept_ones_known(opened: Open) -> None:
    repository = opened()
    keep = {"keep_replaced": "1h"}
    repository.files["anna"] = file(lifecycle=keep)
    done(repository)
    repository.files["anna"] = file("b.flac", lifecycle=keep)
    done(repository)
    del repository.world.voices["voice-2"]
    theirs = repository.world.put("Theirs", None, {}, "ready")
    repository.files["anna"] = {**file(None, lifecycle=keep), "import": theirs.voice_id}

    assert done(repository) == [("anna", Action.ADOPT)]

    record = repository.voices()["anna"]
    assert (record.voice_id, [old.voice_id for old in record.retired]) == (theirs.voice_id, ["voice-1"])
    assert done(repository) == []
