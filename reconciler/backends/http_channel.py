"""Requests to a server that keeps state: with credentials, as often as it takes, and no secret in any message."""

from __future__ import annotations

import base64
import hashlib
import logging
from functools import cached_property
from ssl import SSLContext

import httpx
import stamina
import stamina.instrumentation

from reconciler import __version__
from reconciler.backends.http_settings import HttpSettings, shown
from reconciler.errors import StateError

log = logging.getLogger("voicectl.state")

TIMEOUT = httpx.Timeout(30.0, connect=10.0)
"""Seconds."""

stamina.instrumentation.set_on_retry_hooks(())  # nothing else may print


class HttpChannel:
    """Sends requests to one server."""

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings

    def send(self, method: str, url: str, content: bytes | None = None, *, redirects: bool = False) -> httpx.Response:
        """Send a request, as often as it takes, and return the answer. Raises StateError when there is none."""
        settings = self._settings
        headers = {"User-Agent": f"voicectl/{__version__}"}
        if content is not None:
            digest = hashlib.md5(content, usedforsecurity=False).digest()
            headers |= {"Content-Type": "application/json", "Content-MD5": base64.b64encode(digest).decode()}
        attempts = stamina.retry_context(
            on=httpx.TransportError,
            attempts=settings.retries + 1,
            timeout=None,
            wait_initial=settings.wait_min,
            wait_max=settings.wait_max,
            wait_jitter=settings.wait_min / 2,
        )
        request = f"{method} {shown(url)}"
        try:
            for attempt in attempts:
                with attempt:
                    response = self._exchange(method, url, content, headers, redirects=redirects)
                    log.debug("%s -> %s", request, response.status_code)
                    if _is_passing(response) and attempt.num <= settings.retries:
                        raise _PassingError(request)
                    return response
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise StateError(
                "Cannot reach the state document",
                where=request,
                why=self._without_secrets(str(error) or type(error).__name__),
                fix="check the address in voicectl.yaml, the network and the server; then run again",
            ) from error
        raise AssertionError("stamina ends with a result or an error")

    def _exchange(
        self, method: str, url: str, content: bytes | None, headers: dict[str, str], *, redirects: bool
    ) -> httpx.Response:
        auth = (self._settings.username, self._settings.password) if self._settings.username else None
        # A client of its own for each request keeps no cookies. On a redirect httpx leaves out the credentials
        # where scheme, host or port are others.
        with httpx.Client(timeout=TIMEOUT, verify=self._tls, follow_redirects=redirects) as client:
            return client.request(method, url, content=content, headers=headers, auth=auth)

    @cached_property
    def _tls(self) -> SSLContext:
        """Reading all certificates takes 20 ms."""
        return httpx.create_ssl_context()

    def failure(self, what: str, response: httpx.Response) -> StateError:
        """Return the error that an answer is."""
        status = response.status_code
        why, fix = _WORDS.get(status, (f"the server answers {status}", ""))
        if response.has_redirect_location:
            why = f"the server redirects to {shown(response.headers['Location'])}"
            fix = "redirects are not followed with credentials: name the right address"
        said = " ".join(response.content[:2000].decode("utf-8", "replace").split())[:200]
        return StateError(
            what,
            where=f"{response.request.method} {shown(str(response.request.url))}",
            why=self._without_secrets(f"{why}: {said}" if said else why),
            fix=fix,
        )

    def _without_secrets(self, text: str) -> str:
        """Return a server's words without the password, which it may echo."""
        settings = self._settings
        basic = base64.b64encode(f"{settings.username}:{settings.password}".encode()).decode()
        for secret in (basic, settings.password):
            text = text.replace(secret, "***") if secret else text
        return text


class _PassingError(httpx.TransportError):
    """A server that is there, and for the moment cannot."""


def _is_passing(response: httpx.Response) -> bool:
    """Whether another try may help; the same statuses as with Terraform."""
    return response.status_code == 429 or (response.status_code >= 500 and response.status_code != 501)


_WORDS = {
    401: ("the server wants credentials (401)", "set TF_HTTP_USERNAME and TF_HTTP_PASSWORD"),
    403: ("the server forbids it (403)", "check TF_HTTP_USERNAME and TF_HTTP_PASSWORD and what they may do"),
    404: ("the server knows nothing there (404)", "check the address in voicectl.yaml"),
}
