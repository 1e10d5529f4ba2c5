"""A client whose server is a function: what it was sent is kept, what it answers is the test's to say."""

from __future__ import annotations

import json
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any

import httpx

from reconciler.errors import ApiError, VoicectlError
from reconciler.palabra.client import NewVoice, PalabraClient
from reconciler.palabra.credentials import Credentials
from reconciler.palabra.limiter import Limiter

BASE = "https://api.test"
KEY = "plbr_a-very-secret-key"
BEARER = Credentials({"Authorization": f"Bearer {KEY}"})
Handler = Callable[[httpx.Request], "httpx.Response | Exception | Awaitable[httpx.Response | Exception]"]

NEW = NewVoice(
    name="Anna",
    description="calm",
    labels={"gender": "female"},
    filename="anna.mp3",
    mime_type="audio/mpeg",
    lang_code="en",
    denoise=False,
    speech_normalization=True,
    display_name=None,
    sample_description=None,
)


class FakeApi:
    """Answers each request by `handler`; an exception that it returns happens to the client instead."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.requests: list[httpx.Request] = []

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Method and path of each request."""
        return [(request.method, request.url.path) for request in self.requests]

    @property
    def bodies(self) -> list[Any]:
        """What was sent, decoded."""
        return [json.loads(request.content) if request.content else None for request in self.requests]

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._handler(request)
        if isinstance(answer, Awaitable):
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(
        self,
        *,
        base: str = BASE,
        credentials: Credentials = BEARER,
        limiter: Limiter | None = None,
        read_timeout: float = 30.0,
    ) -> PalabraClient:
        """Return a client of ours that speaks to this server only."""
        http = httpx.AsyncClient(transport=httpx.MockTransport(self))
        return PalabraClient(http, base, credentials, limiter or Limiter(8), read_timeout=read_timeout)


def scripted(answers: Sequence[httpx.Response | Exception]) -> FakeApi:
    """Answer in turn; the last answer stays."""
    left = list(answers)
    return FakeApi(lambda _: left.pop(0) if len(left) > 1 else again(left[0]))


def again(answer: httpx.Response | Exception) -> httpx.Response | Exception:
    """Return a fresh copy: a response can be read only once."""
    if isinstance(answer, Exception):
        return answer
    return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def ok(data: Any, **headers: str) -> httpx.Response:
    return httpx.Response(200, json={"ok": True, "data": data}, headers=headers)


def problem(status: int, detail: str = "It is so.", **headers: str) -> httpx.Response:
    body = {"ok": False, "errors": [{"title": "A problem", "detail": detail, "status": status}]}
    return httpx.Response(status, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


def voice(voice_id: str = "v1", **more: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {"name": "Anna", "description": None, "labels": {}, "processing_status": "ready"}
    return {"voice_id": voice_id, **whole, **more}


def reserved(voice_id: str = "v1", form: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return what a create answers with."""
    sample = {"item_id": "0", "url": "https://upload.test/", "form_data": dict(form or {"key": "k", "policy": "p"})}
    return voice(voice_id, processing_status="created", samples=[sample])


Call = Callable[[PalabraClient], Coroutine[Any, Any, Any]]
CALLS: dict[str, Call] = {
    "list": lambda client: client.list_voices(),
    "get": lambda client: client.get_voice("v1"),
    "limits": lambda client: client.limits(),
    "create": lambda client: client.create(NEW),
    "update": lambda client: client.update("v1", {"name": "Eva"}),
    "delete": lambda client: client.delete("v1"),
}


async def swallow(work: Coroutine[Any, Any, Any]) -> ApiError | None:
    try:
        await work
    except ApiError as error:
        return error
    return None


def shown(error: BaseException | None) -> str:
    """Return everything of an error that a person could come to see, its causes included."""
    if error is None:
        return ""
    fields = vars(error) if isinstance(error, VoicectlError) else {}
    chain = shown(error.__cause__) + shown(error.__context__)
    return "".join(traceback.format_exception(error)) + repr(error) + repr(error.args) + repr(fields) + chain
