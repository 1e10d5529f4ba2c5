"""Asking git: nothing waits for a person, nobody's environment leads it elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from git_folder import GitFolder

from reconciler.errors import VoicectlError
from reconciler.git.process import Git
from reconciler.git.repository import open_repository


@pytest.fixture
def folder(tmp_path: Path) -> GitFolder:
    folder = GitFolder.init(tmp_path / "repository")
    folder.commit("first", **{"a.txt": "a"})
    return folder


@contextmanager
def http_that_wants_a_password() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="voices"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/voices.git"
    finally:
        server.shutdown()
        server.server_close()


def test_a_remote_that_wants_a_password_is_an_error_and_no_question(folder: GitFolder) -> None:
    with http_that_wants_a_password() as url:
        ended = Git(folder.path, folder.environ).remote("fetch", url)

    assert not ended.ok
    assert "terminal prompts disabled" in ended.words


def test_a_remote_that_never_answers_is_given_up(folder: GitFolder, tmp_path: Path) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text("#!/bin/sh\nexec sleep 600\n")
    ssh.chmod(0o755)

    ended = Git(folder.path, {**folder.environ, "GIT_SSH": str(ssh)}).remote("fetch", "ssh://nowhere/x", seconds=0.3)

    assert not ended.ok
    assert ended.words == "git fetch had no answer within 0.3 seconds"


def test_ssh_is_told_not_to_ask_unless_somebody_chose_another_ssh(folder: GitFolder, tmp_path: Path) -> None:
    said = tmp_path / "said"
    ssh = tmp_path / "bin" / "ssh"
    ssh.parent.mkdir()
    ssh.write_text(f'#!/bin/sh\necho "$@" >> {said}\nexit 1\n')
    ssh.chmod(0o755)
    environ = {**folder.environ, "PATH": f"{ssh.parent}:{folder.environ['PATH']}"}

    Git(folder.path, environ).remote("fetch", "ssh://nowhere/x")
    folder.git("config", "core.sshCommand", f"{ssh} --mine")
    Git(folder.path, environ).remote("fetch", "ssh://nowhere/x")

    first, second = said.read_text().splitlines()
    assert "BatchMode=yes" in first
    assert "BatchMode" not in second
    assert "--mine" in second


def test_the_variables_of_a_hook_do_not_lead_elsewhere(folder: GitFolder, tmp_path: Path) -> None:
    elsewhere = GitFolder.init(tmp_path / "elsewhere")
    of_a_hook = {
        "GIT_DIR": str(elsewhere.path / ".git"),
        "GIT_WORK_TREE": str(elsewhere.path),
        "GIT_INDEX_FILE": str(elsewhere.path / ".git" / "index"),
        "GIT_PREFIX": "x/",
    }

    assert open_repository(folder.path, {**folder.environ, **of_a_hook}).top == folder.path.resolve()


def test_words_do_not_depend_on_the_language(folder: GitFolder) -> None:
    git = Git(folder.path, {**folder.environ, "LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de"})

    with pytest.raises(VoicectlError) as raised:
        git.text("rev-parse", "--verify", "nothing")

    assert raised.value.why == "fatal: Needed a single revision"


def test_a_machine_without_git_is_told_so(folder: GitFolder, tmp_path: Path) -> None:
    with pytest.raises(VoicectlError, match="git cannot be run"):
        Git(folder.path, {**folder.environ, "PATH": str(tmp_path)}).run("version")


def test_a_path_is_a_path_and_no_pattern(folder: GitFolder) -> None:
    folder.write(".gitignore", "*.ignored\n")
    odd = ["a*.json", ":(top)x.json", "-x.json", "[a].json", "ä ö\n.json"]
    for name in odd:
        folder.write(name, "{}")
    repository = open_repository(folder.path, folder.environ)

    assert [repository.is_ignored(name) for name in odd] == [False] * len(odd)
    assert repository.is_ignored("a*.ignored")
    assert [repository.relative(folder.path / name) for name in odd] == odd
    folder.commit("odd names")
    assert [repository.blob("HEAD", name) for name in odd] == [b"{}"] * len(odd)
