"""An octoDNS folder with one record for each voice, whose target already has them all."""

from __future__ import annotations

from pathlib import Path

CONFIG = """\
providers:
  config:
    class: octodns.provider.yaml.YamlProvider
    directory: ./config
  target:
    class: octodns.provider.yaml.YamlProvider
    directory: ./target
zones:
  example.test.:
    sources: [config]
    targets: [target]
"""


def write(folder: Path, size: int) -> None:
    """Write both sides."""
    records = "".join(
        f"voice-{number:05}:\n  ttl: 300\n  type: TXT\n  value: Warm and calm number {number}.\n"
        for number in range(size)
    )
    for side in ("config", "target"):
        (folder / side).mkdir(parents=True, exist_ok=True)
        (folder / side / "example.test.yaml").write_text(f"---\n{records}")
    (folder / "config.yaml").write_text(CONFIG)
