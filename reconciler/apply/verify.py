"""get --verify: whether the server still has the voice that state promises."""

from __future__ import annotations

from reconciler.apply.actual_side import check_account
from reconciler.apply.session import open_session
from reconciler.apply.workspace import Workspace
from reconciler.errors import ApiError, CredentialsError, VoicectlError
from reconciler.state.store import LoadedState


async def verify(workspace: Workspace, loaded: LoadedState, key: str, voice_id: str) -> None:
    """Ask for one voice that is recorded ready. Raises VoicectlError unless it is ready on the server too."""
    try:
        async with open_session(workspace, 1) as session:
            voice = await session.client.get_voice(voice_id)
    except (ApiError, CredentialsError) as error:
        raise VoicectlError(
            f"The voice {key!r} cannot be verified: {error.what}",
            where=error.where,
            why=error.why,
            fix=error.fix or "try again; without --verify, state is trusted",
        ) from error
    if voice is None:
        raise VoicectlError(
            f"The voice {key!r} has expired: {voice_id} is gone from the server",
            why="state has it as ready, and the account that these credentials open does not have it",
            fix="`voicectl plan` shows what an apply would make in its place",
        )
    check_account(loaded.account, voice.user_id, filename=workspace.store.name)
    if voice.status != "ready":
        raise VoicectlError(
            f"The voice {key!r} has expired: the server shows {voice_id} as {voice.status}",
            why="; ".join(voice.problems) or "state has it as ready",
            fix="`voicectl plan` shows what an apply would do about it",
        )
