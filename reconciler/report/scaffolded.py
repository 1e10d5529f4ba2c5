"""What `init` did to each file, and what to do next."""

from __future__ import annotations

from reconciler.report.paint import Paint
from reconciler.scaffold.write import Result, Scaffolded

_STYLES = {Result.CREATED: ("green",), Result.ADDED: ("green",), Result.SAME: ("dim",), Result.LEFT: ("yellow",)}


def scaffolded_text(done: Scaffolded, paint: Paint, *, next_steps: bool) -> str:
    """Return one line a file, and the steps that are left."""
    lines = []
    for file in done.files:
        detail = ""
        if file.result is Result.ADDED:
            detail = f": {len(file.added)} lines" if len(file.added) > 1 else f": {file.added[0]}"
        elif file.result is Result.LEFT:
            detail = ", which is there and differs from what would be written"
        lines.append(f"{paint(f'{file.result.value:<7}', *_STYLES[file.result])}  {file.path}{detail}")
    if next_steps:
        lines += ["", "Next:", *(f"  - {step}" for step in _steps(done))]
    return "\n".join(lines) + "\n"


def _steps(done: Scaffolded) -> list[str]:
    steps = []
    if not done.in_git:
        steps.append("`git init`, then `voicectl init` again, so that git learns to merge by voice")
    if done.lfs_todo:
        steps.append(done.lfs_todo)
    steps.append("make a voice of your own: `voicectl new KEY RECORDING`")
    steps.append("try it, without an account: `voicectl --env local apply --yes`")
    if done.example is not None:
        steps.append(f"remove {done.example}, which is for trying only, before a real account is used")
    steps.append("check it: `voicectl validate`; with an account's key in PALABRA_API_KEY: `voicectl plan`")
    if done.unnamed is not None:
        wanted = "letters, digits, spaces and ./_-"
        steps.append(f"for workflows: rename the folder {done.unnamed!r} to {wanted}, then `voicectl init`")
    if done.branch is not None:
        steps.append(
            f"give CI the secret PALABRA_API_KEY, commit, push: pull requests show plans, {done.branch} is applied"
        )
    return steps
