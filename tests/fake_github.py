"""A small GitHub on 127.0.0.1: comments, merged pull requests, runs and artifacts, behind tokens that may do little."""

from __future__ import annotations

import io
import itertools
import json
import re
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "anna/voices"
BOT = "github-actions[bot]"
LEVELS = ("none", "read", "write")


@dataclass
class Run:
    """One run of a workflow, and what it left."""

    id: int
    workflow: str
    head_sha: str
    event: str
    repository: str
    artifacts: dict[str, dict[str, bytes]] = field(default_factory=dict)
    expired: bool = False


@dataclass
class FakeGitHub:
    """What the API knows. The tests change it as people would on the site."""

    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    pulls: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Pull requests by a commit that they brought."""
    runs: list[Run] = field(default_factory=list)
    """The oldest first."""
    refusals: list[str] = field(default_factory=list)
    """Requests that a token was not allowed to make."""
    tokens: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def token(self, permissions: Mapping[str, str]) -> str:
        """Return a new token of a job."""
        token = f"ghs_{next(self._ids)}"
        self.tokens[token] = permissions
        return token

    def comment(self, number: int, body: str, login: str) -> dict[str, Any]:
        """Write a comment."""
        made = {"id": next(self._ids), "issue": number, "body": body, "user": {"login": login}}
        self.comments.append(made)
        return made

    def start(self, workflow: str, head_sha: str, event: str, repository: str) -> Run:
        """Begin a run."""
        run = Run(next(self._ids), workflow, head_sha, event, repository)
        self.runs.append(run)
        return run

    def merge(self, commit: str, number: int, head: str, *, repository: str = REPOSITORY, base: str = "main") -> None:
        """Remember that a pull request was merged as a commit."""
        self.pulls.setdefault(commit, []).append(
            {
                "number": number,
                "merged_at": "2026-11-22T20:00:00Z",
                "head": {"sha": head, "repo": {"full_name": repository}},
                "base": {"ref": base},
            }
        )

    # -- the API ---------------------------------------------------------------------------------------------------

    def answer(self, method: str, target: str, token: str, body: bytes) -> tuple[int, Any]:
        """Answer one request: a status, and JSON, bytes, or the address of a redirection."""
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if (found := re.fullmatch(r"/storage/(\d+)/(.+)", parts.path)) is not None:
            return (400, {"message": "no token is wanted here"}) if token else (200, self._archive(*found.groups()))
        for route, needed, act in self._routes(query, body):
            wanted_method, _, pattern = route.partition(" ")
            found = re.fullmatch(f"/repos/{REPOSITORY}/{pattern}", parts.path)
            if method == wanted_method and found is not None:
                if not self._may(token, *needed):
                    self.refusals.append(f"{method} {parts.path}")
                    return 403, {"message": "Resource not accessible by integration"}
                return act(*found.groups())
        return 404, {"message": "Not Found"}

    def _may(self, token: str, scope: str, level: str) -> bool:
        granted = self.tokens.get(token, {}).get(scope, "none")
        return LEVELS.index(granted) >= LEVELS.index(level)

    def _routes(
        self, query: Mapping[str, str], body: bytes
    ) -> list[tuple[str, tuple[str, str], Callable[..., tuple[int, Any]]]]:
        def listed(number: str) -> tuple[int, Any]:
            size, page = int(query.get("per_page", "30")), int(query.get("page", "1"))
            mine = [comment for comment in self.comments if comment["issue"] == int(number)]
            return 200, mine[(page - 1) * size : page * size]

        def created(number: str) -> tuple[int, Any]:
            return 201, self.comment(int(number), json.loads(body)["body"], BOT)

        def updated(wanted: str) -> tuple[int, Any]:
            (comment,) = [each for each in self.comments if each["id"] == int(wanted)]
            comment["body"] = json.loads(body)["body"]
            return 200, comment

        def runs(workflow: str) -> tuple[int, Any]:
            newest = [
                {"id": run.id, "head_repository": {"full_name": run.repository}}
                for run in reversed(self.runs)
                if (run.workflow, run.event, run.head_sha) == (workflow, query["event"], query["head_sha"])
            ]
            return 200, {"total_count": len(newest), "workflow_runs": newest}

        def artifacts(wanted: str) -> tuple[int, Any]:
            (run,) = [run for run in self.runs if run.id == int(wanted)]
            found = [
                {
                    "name": name,
                    "expired": run.expired,
                    "archive_download_url": f"{self.url}/repos/{REPOSITORY}/actions/artifacts/{run.id}.{name}/zip",
                }
                for name in run.artifacts
                if name == query["name"]
            ]
            return 200, {"total_count": len(found), "artifacts": found}

        def download(wanted: str, name: str) -> tuple[int, Any]:
            # As the real one, from another host: a client that sends its token there is refused.
            return 302, self.url.replace("127.0.0.1", "localhost") + f"/storage/{wanted}/{name}"

        reading, writing = ("pull-requests", "read"), ("pull-requests", "write")
        return [
            (r"GET issues/(\d+)/comments", reading, listed),
            (r"POST issues/(\d+)/comments", writing, created),
            (r"PATCH issues/comments/(\d+)", writing, updated),
            (r"GET commits/(\w+)/pulls", reading, lambda commit: (200, self.pulls.get(commit, []))),
            (r"GET actions/workflows/([\w.-]+)/runs", ("actions", "read"), runs),
            (r"GET actions/runs/(\d+)/artifacts", ("actions", "read"), artifacts),
            (r"GET actions/artifacts/(\d+)\.([\w-]+)/zip", ("actions", "read"), download),
        ]

    def _archive(self, run_id: str, name: str) -> bytes:
        (run,) = [run for run in self.runs if run.id == int(run_id)]
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for path, raw in run.artifacts[name].items():
                archive.writestr(path, raw)
        return content.getvalue()


@contextmanager
def serve_github() -> Iterator[FakeGitHub]:
    """Serve on a free port until the block ends."""
    github = FakeGitHub()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            status, answer = github.answer(self.command, self.path, token, body)
            raw = answer if isinstance(answer, bytes) else b"" if status == 302 else json.dumps(answer).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("Location", answer)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PATCH = handle_any  # noqa: N815 - names that http.server looks for

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    github.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield github
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
