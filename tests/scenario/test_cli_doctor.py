"""`doctor`: each line is true, and says what to do."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cli_world import KEY, OpenWorld, Ran, World
from git_folder import GitFolder, git_environment

from reconciler import __version__

POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 480123\n"


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH with git and `voicectl`, and nothing else."""
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "git").symlink_to(shutil.which("git") or "git")
    tool(folder, "voicectl")
    return folder


def tool(folder: Path, name: str) -> None:
    (folder / name).write_text("#!/bin/sh\nexit 0\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def healthy(applied: World) -> GitFolder:
    """A repository in which there is nothing to worry about."""
    applied.write(".gitignore", ".voicectl/\n")
    folder = GitFolder.init(applied.root)
    assert applied.run("state", "merge", "--install", env=git_environment(applied.root)).code == 0
    folder.commit("All of it")
    return folder


@pytest.fixture
def examine(applied: World, tools: Path) -> Any:
    def run(*arguments: str, env: Mapping[str, str | None] | None = None) -> Ran:
        environ = {**git_environment(applied.root), "PATH": str(tools), "HOME": str(applied.root), **(env or {})}
        return applied.run("doctor", *arguments, env=environ)

    return run


def lines(ran: Ran) -> dict[str, tuple[str, str, str | None]]:
    """Return what was found, by the name of the check."""
    found = {}
    for check in ran.json["checks"]:
        assert (check["fix"] is not None) is (check["verdict"] in ("warning", "problem")), check
        found[check["name"]] = (check["verdict"], check["summary"], check["fix"])
    assert ran.json["healthy"] is (ran.code == 0)
    assert ran.code == int(any(verdict == "problem" for verdict, _, _ in found.values()))
    return found


def test_where_all_is_well_every_line_is_ok(applied: World, healthy: GitFolder, examine: Any) -> None:
    applied.api.exchanges.clear()

    ran = examine("--json")

    verdicts = {name: verdict for name, (verdict, _, _) in lines(ran).items()}
    assert verdicts == {
        **dict.fromkeys(["project", "credentials", "api", "clock", "quota", "git", "git.identity"], "ok"),
        **dict.fromkeys(["git.merge", "state", "journal", "state.committed", "lock", "disk"], "ok"),
        "lfs": "skipped",
    }
    assert ran.err == ""
    assert applied.api.writes == []
    assert healthy.status == ""


def test_people_get_a_line_each_and_a_sum(healthy: GitFolder, examine: Any) -> None:
    ran = examine()

    assert ran.code == 0
    assert "ok       credentials      PALABRA_API_KEY is set\n" in ran.out
    assert ran.out.endswith("\nNothing to worry about.\n")


def test_credentials_are_named_and_never_shown(healthy: GitFolder, examine: Any) -> None:
    pair = {"PALABRA_API_KEY": None, "PALABRA_CLIENT_ID": "an-id-nobody-may-see", "PALABRA_CLIENT_SECRET": "a-secret"}
    for env in ({}, pair):
        for form in ((), ("--json",), ("-v",)):
            ran = examine(*form, env=env)
            for secret in (KEY, "an-id-nobody-may-see", "a-secret"):
                assert secret not in ran.out + ran.err
    assert lines(examine("--json", env=pair))["credentials"][1] == "PALABRA_CLIENT_ID and PALABRA_CLIENT_SECRET are set"


def test_missing_credentials_are_a_problem_and_the_api_is_not_asked(
    applied: World, healthy: GitFolder, examine: Any
) -> None:
    applied.api.exchanges.clear()

    found = lines(examine("--json", env={"PALABRA_API_KEY": None}))

    assert found["credentials"][0] == "problem"
    assert "set PALABRA_API_KEY" in (found["credentials"][2] or "")
    assert {found[name][0] for name in ("api", "clock", "quota")} == {"skipped"}
    assert applied.api.sent == []


def test_offline_asks_nobody(applied: World, healthy: GitFolder, examine: Any) -> None:
    applied.api.exchanges.clear()

    found = lines(examine("--json", "--offline"))

    assert {found[name][:2] for name in ("api", "clock", "quota")} == {("skipped", "--offline")}
    assert applied.api.sent == []


def test_an_api_that_is_not_there_or_takes_no_credentials_is_a_problem(
    applied: World, healthy: GitFolder, examine: Any
) -> None:
    gone = lines(examine("--json", env={"PALABRA_API_URL": "http://127.0.0.1:9", "VOICECTL_HTTP_TIMEOUT": "1"}))
    assert gone["api"][0] == "problem"
    assert "cannot be reached" in gone["api"][1]

    applied.serve(api_key="another")
    refused = lines(examine("--json", env={"PALABRA_API_URL": applied.api.url}))
    assert refused["api"][0] == "problem"
    assert "does not take the credentials" in refused["api"][1]


@contextmanager
def api_of_another_time(date: str) -> Iterator[str]:
    """Serve a quota with a clock of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b'{"data": {"limit": 5, "remaining": 0}}'
            self.send_response_only(200)
            self.send_header("Date", date)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def test_a_wrong_clock_is_a_problem_and_a_full_quota_a_warning(healthy: GitFolder, examine: Any) -> None:
    with api_of_another_time("Thu, 01 Jan 2015 00:00:00 GMT") as url:
        found = lines(examine("--json", env={"PALABRA_API_URL": url}))

    assert found["clock"][0] == "problem"
    assert "ahead of the API's" in found["clock"][1]
    assert found["quota"][:2] == ("warning", "none of 5 voices left: nothing can be created")


def test_a_folder_without_git_is_a_warning_only(applied: World, examine: Any) -> None:
    found = lines(examine("--json", env={"GIT_CEILING_DIRECTORIES": str(applied.root.parent)}))

    assert found["git"][0] == "warning"
    assert not {"git.identity", "git.merge", "lfs"} & found.keys()


def test_a_machine_without_git_is_told_so(examine: Any, tools: Path) -> None:
    (tools / "git").unlink()

    assert "git cannot be run" in lines(examine("--json"))["git"][1]


def test_what_git_lacks_is_a_warning_each(healthy: GitFolder, examine: Any, tools: Path) -> None:
    healthy.git("config", "--remove-section", "user")
    healthy.git("config", "user.useConfigOnly", "true")
    healthy.git("config", "--remove-section", "merge.voicectl")
    healthy.write(".gitignore", "")

    found = lines(examine("--json"))

    assert {name: found[name][0] for name in ("git.identity", "git.ignored", "git.merge")} == dict.fromkeys(
        ("git.identity", "git.ignored", "git.merge"), "warning"
    )
    assert "`voicectl state merge --install`" in (found["git.merge"][2] or "")


def test_a_shallow_clone_is_a_warning(applied: World, healthy: GitFolder, examine: Any) -> None:
    healthy.commit("More")
    clone = GitFolder(applied.root.parent / "clone").clone_of(healthy.path.as_uri(), "--depth=1")

    verdict, summary, fix = lines(examine("--json", "--offline", "-C", str(clone.path)))["git.history"]

    assert (verdict, fix) == ("warning", "`git fetch --unshallow`; in a workflow, `fetch-depth: 0` of the checkout")
    assert (
        summary == "this clone is shallow: `voicectl history` does not see what is older, nor `report` old recordings"
    )


def test_a_merge_driver_that_git_cannot_find_is_a_warning(healthy: GitFolder, examine: Any, tools: Path) -> None:
    (tools / "voicectl").unlink()

    assert lines(examine("--json"))["git.merge"][:2] == ("warning", "git cannot find `voicectl` to merge with")


def test_recordings_in_lfs_that_cannot_be_had(applied: World, healthy: GitFolder, examine: Any, tools: Path) -> None:
    healthy.write(".gitattributes", (healthy.path / ".gitattributes").read_text() + "*.mp3 filter=lfs\n")
    (healthy.path / "voices" / "narrator" / "sample.mp3").write_text(POINTER)

    without = lines(examine("--json"))["lfs"]
    tool(tools, "git-lfs")
    pointers = lines(examine("--json"))["lfs"]
    applied.sample("narrator/sample.mp3", seed=1)
    good = lines(examine("--json"))["lfs"]

    assert without[0] == "problem"
    assert "not installed" in without[1]
    assert pointers[0] == "warning"
    assert "voices/narrator/sample.mp3" in pointers[1]
    assert pointers[2] == "`git lfs pull`"
    assert good[0] == "ok"


def test_a_state_that_is_not_committed_is_a_warning(applied: World, healthy: GitFolder, examine: Any) -> None:
    applied.edit_state(lambda document: document.update(serial=document["serial"] + 1))
    changed = lines(examine("--json"))["state.committed"]
    healthy.git("rm", "--quiet", "--cached", "voices.state.json")
    healthy.git("commit", "--quiet", "-m", "forget it")

    assert changed[0] == "warning"
    assert "serial 2 is on disk, serial 1 is committed" in changed[1]
    assert lines(examine("--json"))["state.committed"][:2] == ("warning", "voices.state.json is not in git")


def test_a_corrupt_state_is_a_problem(applied: World, healthy: GitFolder, examine: Any) -> None:
    applied.state_file.write_text("<<<<<<< HEAD\n")

    found = lines(examine("--json"))["state"]

    assert found[0] == "problem"
    assert "conflict markers" in found[1]


def test_what_a_dead_run_and_another_machine_left_is_a_warning(
    applied: World, healthy: GitFolder, examine: Any
) -> None:
    document = applied.state_file.read_text()
    lineage = document.partition('"lineage": "')[2].partition('"')[0]
    begin = f'{{"t":"begin","lineage":"{lineage}","environment":"default","serial":1}}\n'
    applied.write(".voicectl/default.journal", begin)
    holder = '{"who":"anna","host":"elsewhere","pid":1,"since":"2026-01-01T00:00:00Z","command":"voicectl apply"}'
    applied.write(".voicectl/default.lock", holder)

    found = lines(examine("--json"))

    assert found["journal"][0] == "warning"
    assert found["lock"][0] == "warning"
    assert "anna@elsewhere" in found["lock"][1]


def test_workflows_of_another_version_are_a_warning_and_foreign_ones_are_not_looked_at(
    healthy: GitFolder, examine: Any
) -> None:
    healthy.write(".github/workflows/voicectl-mine.yml", "name: mine\n")
    assert "workflows" not in lines(examine("--json"))

    healthy.write(".github/workflows/voicectl-plan.yml", f"# Written by voicectl {__version__}\nname: plan\n")
    assert lines(examine("--json"))["workflows"][0] == "ok"

    healthy.write(".github/workflows/voicectl-apply.yml", "# Written by voicectl 0.0.1\nname: apply\n")
    verdict, summary, _ = lines(examine("--json"))["workflows"]
    assert verdict == "warning"
    assert summary == f"written by another voicectl than {__version__}: voicectl-apply.yml (0.0.1)"


def test_an_action_of_another_version_is_a_warning_for_it_installs_that_one(healthy: GitFolder, examine: Any) -> None:
    old = "# The action voicectl, written by voicectl 0.0.1 (`voicectl init`).\nname: voicectl\n"
    healthy.write(".github/actions/voicectl/action.yml", old)

    verdict, summary, _ = lines(examine("--json"))["workflows"]

    assert (verdict, summary) == ("warning", f"written by another voicectl than {__version__}: action.yml (0.0.1)")


def test_a_folder_that_cannot_be_written_is_a_problem(applied: World, healthy: GitFolder, examine: Any) -> None:
    shutil.rmtree(applied.root / ".voicectl")
    applied.write(".voicectl", "a file, of all things")

    assert lines(examine("--json"))["disk"][0] == "problem"


def test_a_broken_voicectl_yaml_is_a_problem_with_its_place(applied: World, healthy: GitFolder, examine: Any) -> None:
    applied.write("voicectl.yaml", "parallelism: many\n")

    found = lines(examine("--json"))

    assert found["project"][0] == "problem"
    assert found["project"][1].startswith("voicectl.yaml:1:")


def test_the_environment_local_needs_no_credentials_and_no_commit(open_world: OpenWorld, tools: Path) -> None:
    world = open_world()

    ran = world.run("doctor", "--json", "--env", "local", env={"PALABRA_API_KEY": None, "PATH": str(tools)})

    found = {check["name"]: check["verdict"] for check in ran.json["checks"]}
    assert ran.code == 0
    assert (found["credentials"], found["api"], found["clock"]) == ("ok", "ok", "ok")
    assert "state.committed" not in found
