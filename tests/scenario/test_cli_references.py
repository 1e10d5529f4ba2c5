"""safety.references: a plan does not take away what the repository's own code still uses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cli_world import PROJECT, World
from git_folder import GitFolder

from reconciler.errors import RefusedError

SAFETY = PROJECT + 'safety: {references: ["src/**", "config/*.json"]}\n'


@pytest.fixture
def code(applied: World) -> GitFolder:
    """`narrator` and `support/anna` are applied; src/ and config/ use voices."""
    applied.write("voicectl.yaml", SAFETY)
    applied.write("config/other.json", "{}")
    return GitFolder.init(applied.root)


def references(plan: dict[str, Any]) -> list[str]:
    """Return place and summary of what a plan says of references."""
    found = [d for d in plan["diagnostics"] if d["rule"] == "safety.references"]
    starts = [(d["range"]["filename"], d["range"]["start"]) for d in found]
    return [
        f"{name}:{at['line']}:{at['column']}: {d['severity']}: {d['summary']}"
        for (name, at), d in zip(starts, found, strict=True)
    ]


def test_a_voice_that_is_still_used_is_not_deleted(applied: World, code: GitFolder) -> None:
    old = applied.get("narrator")
    code.commit(**{"src/deep/app.ts": f'// voices\nplay("{old}");\n', "config/a.json": '{"v": "narrator"}\n'})
    applied.remove("narrator")

    plan = applied.plan()
    ran = applied.run("apply", "--yes")

    assert references(plan) == [
        "config/a.json:1:8: error: The key 'narrator' is still used here, and would be deleted",
        f"src/deep/app.ts:2:7: error: The voice id '{old}' is still used here, and would be deleted",
    ]
    assert ran.code == 4
    assert "src/deep/app.ts:2:7: narrator: The voice id" in ran.err
    assert "config/a.json:1:8: narrator: The key 'narrator'" in ran.err
    assert applied.api.writes == []
    assert "::error file=config/a.json,line=1,col=8," in applied.run("plan", "--format", "github").out


def test_a_word_for_deletes_is_a_word_for_references(applied: World, code: GitFolder) -> None:
    code.commit(**{"src/app.py": 'VOICE = "narrator"\n'})
    applied.remove("narrator")

    assert "--allow-deletes" in applied.run("plan").out
    applied.apply("--allow-deletes")

    assert list(applied.records) == ["support/anna"]


def test_names_are_found_whole_and_each_file_once(applied: World, code: GitFolder) -> None:
    text = "anna Susanna support/annabel support/anna-marie x/support/anna support/anna_2\nvoices['support/anna']\n"
    code.commit(**{"src/app.js": text + "support/anna.id\n", "src/other.js": "Susanna\n"})
    applied.remove("support/anna")

    plan = applied.plan()

    assert references(plan) == [
        "src/app.js:2:9: error: The key 'support/anna' is still used here, and would be deleted"
    ]
    assert "Also on line 3." in plan["diagnostics"][0]["detail"]


def test_the_id_of_a_replaced_voice_is_looked_for_unless_it_is_kept(applied: World, code: GitFolder) -> None:
    old = applied.get("narrator")
    code.commit(**{"src/ids.txt": f"narrator {old}\n"})
    applied.declare("narrator", seed=5)

    (found,) = references(applied.plan())
    applied.declare("narrator", lifecycle={"keep_replaced": "7d"})
    kept = references(applied.plan())

    assert found.startswith(f"src/ids.txt:1:10: error: The voice id '{old}' is still used here, and would go once")
    assert kept == []


def test_the_id_of_a_kept_voice_is_looked_for_before_it_is_cleaned(applied: World, code: GitFolder) -> None:
    now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    old = applied.get("narrator")
    applied.declare("narrator", seed=5, lifecycle={"keep_replaced": "1h"})
    applied.apply_at(now)
    code.commit(**{"src/ids.txt": old})

    with pytest.raises(RefusedError, match="refuses") as refused:
        applied.apply_at(now + timedelta(hours=2))

    assert f"The voice id '{old}' is still used here, and is a voice of 'narrator'" in refused.value.why
    assert old in applied.voices


def test_a_key_that_is_renamed_is_looked_for_under_its_old_name(applied: World, code: GitFolder) -> None:
    code.commit(**{"src/app.py": f'A, B = "narrator", "{applied.get("narrator")}"\n'})
    (applied.root / "voices" / "narrator").rename(applied.root / "voices" / "teller")

    assert references(applied.plan()) == [
        "src/app.py:1:9: error: The key 'narrator' is still used here, and would become 'teller'"
    ]


def test_of_a_voice_that_is_forgotten_only_the_key_goes(applied: World, code: GitFolder) -> None:
    applied.declare("narrator", description="Warm.", lifecycle={"on_remove": "forget"})
    applied.apply()
    code.commit(**{"src/app.py": f'A, B = "narrator", "{applied.get("narrator")}"\n'})
    applied.remove("narrator")

    assert references(applied.plan()) == [
        "src/app.py:1:9: error: The key 'narrator' is still used here, and would be forgotten"
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("docs/page.md", "narrator"),
        ("config/deep/a.json", "narrator"),
        ("src/voices.py", '"""Voice ids. Made by `voicectl export`; do not edit."""\nnarrator'),
        ("src/voices.ts", "// Made by `voicectl export`; do not edit.\nnarrator"),
        ("src/image.bin", "\0 narrator"),
        ("src/big.txt", "version https://git-lfs.github.com/spec/v1\nnarrator"),
    ],
)
def test_what_is_not_looked_at(applied: World, code: GitFolder, name: str, text: str) -> None:
    code.commit(**{name: text, "src/a": ""})
    applied.remove("narrator")

    assert references(applied.plan()) == []


def test_voice_files_and_state_documents_are_not_looked_at(applied: World, code: GitFolder) -> None:
    applied.write("voicectl.yaml", PROJECT + 'safety: {references: ["**"]}\n')
    applied.declare("support/anna", previously=["someone"], description="not narrator")
    applied.write("voices.other.state.json", "narrator")
    applied.write("voicectl.yaml", PROJECT + 'environments: {other: {}}\nsafety: {references: ["**"]}\n')
    code.commit()
    applied.remove("narrator")

    assert references(applied.plan()) == []


def test_what_git_does_not_track_is_not_looked_at_and_a_pattern_without_a_file_is_said(
    applied: World, code: GitFolder
) -> None:
    code.commit()
    applied.write("src/notes.txt", "narrator")
    applied.write("config/a.json", "narrator")
    applied.remove("narrator")

    assert references(applied.plan()) == ["voicectl.yaml:2:23: warning: No file matches 'src/**'"]


def test_where_there_is_no_git_every_file_is_looked_at(applied: World) -> None:
    applied.write("voicectl.yaml", SAFETY)
    applied.write("src/notes.txt", "narrator")
    applied.write("config/a.json", "")
    applied.remove("narrator")

    assert references(applied.plan()) == [
        "src/notes.txt:1:1: error: The key 'narrator' is still used here, and would be deleted"
    ]


def test_a_link_is_followed_only_within_the_repository(applied: World, code: GitFolder) -> None:
    outside = applied.root.parent / "outside.txt"
    outside.write_text("narrator")
    applied.write("shared/ids.txt", "narrator")
    applied.write("config/a.json", "")
    (applied.root / "src").mkdir()
    (applied.root / "src" / "outside").symlink_to(outside)
    (applied.root / "src" / "inside").symlink_to("../shared/ids.txt")
    (applied.root / "src" / "nowhere").symlink_to("gone")
    code.commit()
    applied.remove("narrator")

    assert references(applied.plan()) == [
        "src/inside:1:1: error: The key 'narrator' is still used here, and would be deleted"
    ]


def test_where_nothing_goes_nothing_is_said(applied: World, code: GitFolder) -> None:
    code.commit(**{"src/app.py": f"narrator {applied.get('narrator')}\n"})
    applied.declare("narrator", description="Cool.")
    applied.declare("newcomer", seed=3)

    assert references(applied.plan()) == []
