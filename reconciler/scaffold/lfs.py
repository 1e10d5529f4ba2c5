"""Whether recordings go into Git LFS: only where that works, and where git does not have them already."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.errors import VoicectlError
from reconciler.git.process import Git

ENDINGS = ("mp3", "wav", "flac", "webm", "mp4", "mpeg", "mpg")
"""Of the formats that the API's guide names."""
ATTRIBUTES = "filter=lfs diff=lfs merge=lfs -text"
"""As `git lfs track` writes them."""


@dataclass(frozen=True, slots=True)
class LfsChoice:
    """What is written into .gitattributes, and what is left to do."""

    lines: tuple[str, ...] = ()
    todo: str = ""


def choose_lfs(git: Git, voices: str, *, in_git: bool) -> LfsChoice:
    """Decide for the recordings below `voices`, a path relative to the folder that git runs in.

    Without git-lfs, git would ignore the attribute and keep the bytes themselves, until somebody who has git-lfs
    clones the repository and finds every recording modified. Recordings that git has already would look modified
    at once. In both cases the lines are left out, and `todo` says how to get them.
    """
    if in_git and _is_chosen(git, voices):
        return LfsChoice(todo=_to_install(git))
    if not _is_installed(git):
        return LfsChoice(todo="install git-lfs and run `voicectl init` again, if recordings shall be kept in Git LFS")
    if in_git and _has_recordings(git, voices):
        return LfsChoice(todo="git has recordings already, so Git LFS is left out: `git lfs migrate` moves them there")
    return LfsChoice(tuple(f"{_pattern(voices, ending)} {ATTRIBUTES}" for ending in ENDINGS), _to_install(git))


def _is_installed(git: Git) -> bool:
    try:
        return git.run("lfs", "version").ok
    except VoicectlError:  # there is no git at all
        return False


def _is_chosen(git: Git, voices: str) -> bool:
    asked = [f"{voices}/new.{ending}" for ending in ENDINGS]
    return all(line.endswith(": lfs") for line in git.text("check-attr", "filter", "--", *asked).splitlines())


def _to_install(git: Git) -> str:
    """Return what makes git use Git LFS; nothing where it does already."""
    if git.run("config", "--get", "filter.lfs.clean").ok:
        return ""
    return "run `git lfs install` before the first `git add`: without it, recordings go into git itself"


def _has_recordings(git: Git, voices: str) -> bool:
    listed = git.text("ls-files", "-z", "--", voices).split("\0")
    return any(name.rpartition(".")[2].lower() in ENDINGS for name in listed)


def _pattern(voices: str, ending: str) -> str:
    """Return a pattern as .gitattributes has it: a space would end it."""
    return f"/{voices.replace(' ', '?')}/**/*.{ending}"
