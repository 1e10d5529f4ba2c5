"""The paged GETs of a plan, and nothing else: httpx, one page after another."""

from __future__ import annotations

import sys

import httpx


def main() -> None:
    """Read every page of the account."""
    with httpx.Client() as client:
        query = {"page_size": "50", "sort": "asc"}
        while query:
            page = client.get(f"{sys.argv[1]}/saas/voice", params=query).json()["data"]
            query = {"token": page["next"]} if "next" in page else {}


if __name__ == "__main__":
    main()
