"""What the documentation links to outside of docs/, brought into the site. A hook of mkdocs.yml."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # a hook is loaded by its path, outside of any package

from scripts.docs_reference import commands_page, fields_page  # noqa: E402 - the line above finds it

PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "voices/README.md": "recordings.md"}
"""Pages of the repository -> as pages of the site."""


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages, and the schemas, which editors may fetch from the site."""
    for source, page in PAGES.items():
        files.append(File.generated(config, page, content=_at_home(ROOT / source)))
    for page, made in (("commands.md", commands_page), ("fields.md", fields_page)):
        files.append(File.generated(config, page, content=made()))
    for schema in sorted((ROOT / "schemas").glob("*.json")):
        files.append(File.generated(config, f"schemas/{schema.name}", abs_src_path=str(schema)))
    for picture in sorted((ROOT / "voices").rglob("LICENSE*")):
        files.append(File.generated(config, picture.relative_to(ROOT).as_posix(), abs_src_path=str(picture)))
    files.append(File.generated(config, "LICENSE", abs_src_path=str(ROOT / "LICENSE")))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links to files above docs/ lead to where the site has them."""
    del config, files
    if page.file.generated_by:
        return markdown
    for source, target in PAGES.items():
        markdown = markdown.replace(f"](../{source}", f"]({target}")
    return re.sub(r"\]\(\.\./(schemas/|LICENSE)", r"](\1", markdown)


def _at_home(path: Path) -> str:
    """Return a page of the repository, with links as they are seen from docs/."""

    def moved(link: re.Match[str]) -> str:
        address, anchor = link[1], link[2] or ""
        if "://" in address:
            return link[0]
        target = (path.parent / address).resolve().relative_to(ROOT).as_posix()
        there = {**PAGES, "schemas": "reference.md"}.get(target, target.removeprefix("docs/"))
        return f"]({there}{anchor})"

    return re.sub(r"\]\(([^)#\s]+)(#[^)\s]*)?\)", moved, path.read_text(encoding="utf-8"))
