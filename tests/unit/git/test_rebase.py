"""Commits put on top of others keep all that they are, and nobody's files are touched."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from git_folder import GitFolder

from reconciler.git.commit import check_place
from reconciler.git.rebase import DoesNotFit, rebase

STATE = "voices.state.json"


@pytest.fixture
def folder(tmp_path: Path) -> GitFolder:
    """`main` is checked out; `theirs` has one commit more. The document is one that nobody can read."""
    folder = GitFolder.init(tmp_path / "here")
    folder.commit("base", **{STATE: "old\n", "a.txt": "a\n", "run": "echo\n"})
    folder.git("switch", "--quiet", "--create", "theirs")
    folder.commit("theirs", **{"y ü.txt": "y"})
    folder.git("switch", "--quiet", "main")
    return folder


def rebased(folder: GitFolder) -> str:
    place = check_place(folder.path, folder.path / STATE, "default", folder.environ, push=False)
    theirs = folder.git("rev-parse", "theirs")
    return rebase(place, folder.head, theirs, last_seen=None)


def test_modes_links_renames_people_and_words_stay_as_they_were(folder: GitFolder) -> None:
    (folder.path / "run").chmod(0o755)
    (folder.path / "link").symlink_to("run")
    folder.git("mv", "a.txt", "b.txt")
    folder.git("add", "--all")
    folder.git("config", "i18n.commitEncoding", "iso8859-2")
    message = "Żółw\n\n  # no comment  \n\nSigned-off-by: Me <me@example.test>\n"
    subprocess.run(
        ["git", "commit", "--quiet", "--cleanup=verbatim", "--date=1700000000 +0530", "--author=Zoë <zoe@example.test>".encode("iso8859-2"),
         "--file=-"],
        input=message.encode("iso8859-2"), cwd=folder.path, env=folder.environ, check=True,
    )  # fmt: skip
    folder.git("config", "--unset", "i18n.commitEncoding")
    folder.commit("nothing in it")
    before = folder.head
    folder.git("config", "i18n.logOutputEncoding", "iso8859-2")

    made = rebased(folder)

    folder.git("config", "--unset", "i18n.logOutputEncoding")
    tree = [
        line.split()[0] + line[line.index("\t") :] for line in folder.git("ls-tree", "-r", "-z", made).split("\0")[:-1]
    ]
    assert tree == ["100644\tb.txt", "120000\tlink", "100755\trun", f"100644\t{STATE}", "100644\ty ü.txt"]
    assert folder.git("log", "--format=%s", made).splitlines() == ["nothing in it", "Żółw", "theirs", "base"]
    assert folder.git("log", "-1", "--format=%an %ad%n%B", "--date=raw", f"{made}^") == (
        f"Zoë 1700000000 +0530\n{message}".rstrip()
    )
    assert (folder.head, folder.status) == (before, "")


@pytest.mark.parametrize("mine", ["new\n", None])
def test_a_document_that_one_side_alone_changed_or_took_away_need_not_be_read(
    folder: GitFolder, mine: str | None
) -> None:
    if mine is None:
        folder.git("rm", "--quiet", STATE)
        folder.commit("gone")
    else:
        folder.commit("new", **{STATE: mine})

    shown = folder.try_git("show", f"{rebased(folder)}:{STATE}")
    assert (shown.returncode == 0, shown.stdout) == (mine is not None, mine or "")


def test_a_document_that_both_changed_must_be_read_and_one_that_is_gone_there_cannot_be_merged(
    folder: GitFolder,
) -> None:
    mine = folder.commit("mine", **{STATE: "mine\n"})
    folder.git("switch", "--quiet", "theirs")
    folder.commit("also", **{STATE: "theirs\n"})
    folder.git("switch", "--quiet", "main")
    with pytest.raises(DoesNotFit, match=f"does not fit that of {mine[:10]}: The state document is corrupt"):
        rebased(folder)

    folder.git("switch", "--quiet", "theirs")
    folder.git("rm", "--quiet", STATE)
    folder.commit("gone")
    folder.git("switch", "--quiet", "main")
    with pytest.raises(DoesNotFit, match="deleted on one side and changed on the other"):
        rebased(folder)


def test_branches_that_share_nothing_are_not_put_on_top_of_each_other(folder: GitFolder) -> None:
    folder.git("switch", "--quiet", "--orphan", "alone")
    folder.commit("alone", **{STATE: "other\n"})

    with pytest.raises(DoesNotFit, match="no commit in common"):
        rebased(folder)


def test_a_git_that_is_too_old_to_merge_files_says_so_and_one_for_documents_alone_is_enough(
    folder: GitFolder, tmp_path: Path
) -> None:
    old = tmp_path / "old" / "git"
    old.parent.mkdir()
    real = shutil.which("git")
    old.write_text(
        f'#!/bin/sh\ncase "$*" in *merge-tree*) echo "usage: git merge-tree" >&2; exit 129;; esac\nexec {real} "$@"\n'
    )
    old.chmod(0o755)
    folder.commit("the document", **{STATE: "new\n"})
    folder.environ["PATH"] = f"{old.parent}:{folder.environ['PATH']}"
    rebased(folder)

    folder.commit("a file", **{"a.txt": "b\n"})
    with pytest.raises(DoesNotFit, match=r"needs git 2\.38 or newer: usage: git merge-tree"):
        rebased(folder)
