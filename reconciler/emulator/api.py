"""The voices API: sections 3 to 6 of the API page, one method a route."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.routing import Route

from reconciler.emulator.builtin import builtin_page
from reconciler.emulator.paging import PageQuery, read_page_query
from reconciler.emulator.post_policy import BUCKET, Reservation, make_form
from reconciler.emulator.principal import user_id
from reconciler.emulator.problems import ProblemError, problem_response
from reconciler.emulator.store import NewVoice, QuotaExceededError, to_datetime
from reconciler.emulator.voice_json import created_voice, read_voice

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from reconciler.emulator.processing import Processing
    from reconciler.emulator.settings import EmulatorSettings
    from reconciler.emulator.store import Store, VoiceRow


class VoicesApi:
    """Serves one data folder; `upload_port` is where its upload host listens."""

    def __init__(self, settings: EmulatorSettings, store: Store, processing: Processing, upload_port: int) -> None:
        self._settings = settings
        self._store = store
        self._processing = processing
        self._upload_port = upload_port
        self._key = store.signing_key()

    def app(self) -> Starlette:
        """Return the ASGI application."""
        voice = "/saas/voice/m/{voice_id}"
        app = Starlette(
            routes=[
                Route("/saas/voice/clone", self._create, methods=["POST"]),
                Route("/saas/voice", self._list, methods=["GET"]),  # DELETE would delete all: 405
                Route("/saas/voice/limits", self._limits, methods=["GET"]),
                Route("/saas/voice/builtin", self._builtin, methods=["GET"]),
                Route(voice, self._read, methods=["GET"]),
                Route(voice, self._update, methods=["POST"]),
                Route(voice, self._delete, methods=["DELETE"]),
            ],
            exception_handlers={
                ProblemError: _on_problem,
                HTTPException: _on_http,
                ClientDisconnect: _on_silence,
                Exception: _on_bug,
            },
        )
        app.router.redirect_slashes = False  # a slash too many must not turn into another route
        return app

    async def _create(self, request: Request) -> Response:
        # pydantic is a third of the time to start; whoever only reads does without
        from reconciler.emulator.requests import CloneRequest, parse, require_listed_language  # noqa: PLC0415

        user = self._user(request)
        body = parse(CloneRequest, await request.body(), bare=self._settings.bare)
        (sample,) = body.samples
        if self._settings.strict:
            require_listed_language(sample)
        new = NewVoice(user, body.name, body.description, body.labels, sample.model_dump())
        try:
            voice = self._store.create(new, limit=self._settings.limit)
        except QuotaExceededError as error:
            detail = f"The limit of {self._settings.limit} voices is reached."
            raise ProblemError(HTTPStatus.FORBIDDEN, detail) from error
        reservation = Reservation(
            user_id=user,
            voice_id=voice.voice_id,
            blob_id=voice.blob_id,
            filename=sample.filename,
            mime_type=sample.mime_type,
            created=to_datetime(voice.created_at),
        )
        return self._answer(created_voice(voice, self._upload_url(request), make_form(reservation, self._key)))

    async def _read(self, request: Request) -> Response:
        return self._voice(request, self._store.get(self._user(request), request.path_params["voice_id"]))

    async def _update(self, request: Request) -> Response:
        from reconciler.emulator.requests import UpdateRequest, parse  # noqa: PLC0415 - as in _create

        user, voice_id = self._user(request), request.path_params["voice_id"]
        changes = parse(UpdateRequest, await request.body(), bare=self._settings.bare).changes()
        return self._voice(request, self._store.update(user, voice_id, changes))

    async def _delete(self, request: Request) -> Response:
        if not self._store.delete(self._user(request), request.path_params["voice_id"]):
            raise _no_such_voice()
        return self._answer({})

    async def _list(self, request: Request) -> Response:
        user, query = self._user(request), read_page_query(request.query_params)
        voices = self._store.page(
            user,
            ascending=query.ascending,
            size=query.size + 1,  # one more than the page holds tells whether another follows
            after=query.after,
            min_age=getattr(request.state, "list_lag", 0.0),
        )
        path = request.url.path
        return self._page(query, [(v.created_at, read_voice(self._resumed(v), path)) for v in voices])

    async def _builtin(self, request: Request) -> Response:
        self._user(request)
        query = read_page_query(request.query_params)
        return self._page(query, builtin_page(query))

    async def _limits(self, request: Request) -> Response:
        counts = self._store.counts(self._user(request))
        by_status = {status: counts.get(status, 0) for status in ("created", "pending", "ready", "failed")}
        total, limit = sum(by_status.values()), self._settings.limit
        return self._answer({**by_status, "total": total, "limit": limit, "remaining": max(0, limit - total)})

    def _user(self, request: Request) -> str:
        return user_id(request.headers, self._settings.api_key)

    def _voice(self, request: Request, voice: VoiceRow | None) -> Response:
        if voice is None:
            raise _no_such_voice()
        return self._answer(read_voice(self._resumed(voice), request.url.path))

    def _resumed(self, voice: VoiceRow) -> VoiceRow:
        """Probe an upload that a dead process left unjudged."""
        self._processing.start(voice)
        return voice

    def _page(self, query: PageQuery, voices: list[tuple[int, dict[str, Any]]]) -> Response:
        items = [voice for _, voice in voices[: query.size]]
        page: dict[str, Any] = {"items": items, "page_size": query.size, "count": len(items)}
        if len(voices) > query.size:
            created_at, last = voices[query.size - 1]
            page["next"] = query.token_after(created_at, last["voice_id"])
        return self._answer(page)

    def _answer(self, data: dict[str, Any]) -> Response:
        return JSONResponse(data if self._settings.bare else {"ok": True, "data": data})

    def _upload_url(self, request: Request) -> str:
        """Name the upload host as the client named this one, so that containers find it too."""
        host = request.url.hostname or self._settings.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self._upload_port}/{BUCKET}/"


def _no_such_voice() -> ProblemError:
    return ProblemError(HTTPStatus.NOT_FOUND, "No voice of yours has this id.")


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return problem_response(error.status, error.details, request.url.path, error.headers)


async def _on_silence(request: Request, error: Exception) -> Response:
    """Answer a client that died in the middle of its request: nobody hears it."""
    del request, error
    return Response(status_code=400)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = f"{request.method} {request.url.path} is not served here."
    return problem_response(error.status_code, [detail], request.url.path, error.headers)


async def _on_bug(request: Request, error: Exception) -> Response:
    detail = f"The emulator has a bug: {type(error).__name__}."
    return problem_response(HTTPStatus.INTERNAL_SERVER_ERROR, [detail], request.url.path)
