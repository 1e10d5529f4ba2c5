"""The routes, over real HTTP."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

FORM_FIELDS = [
    "acl", "bucket", "key", "x-amz-meta-blob-id", "x-amz-meta-filename", "Content-Type", "x-amz-meta-user-id",
    "x-amz-meta-intent", "x-amz-meta-voice-id", "x-amz-meta-upload-id", "x-amz-algorithm", "x-amz-credential",
    "x-amz-date", "policy", "x-amz-signature",
]  # fmt: skip


def test_a_create_answers_a_reserved_voice_and_its_upload_form(account: Any) -> None:
    voice = account.create("Ana", description="calm", labels={"mood": None}, sample={"lang_code": "uk"})

    form = voice["samples"][0].pop("form_data")
    created = datetime.fromisoformat(voice["utc_created_at"]).replace(tzinfo=UTC)
    assert voice["processing_status"] == "created"
    assert voice["voice_type"] == "instantly_cloned"
    assert (voice["name"], voice["description"], voice["labels"]) == ("Ana", "calm", {"mood": None})
    assert voice["lang_code"] == "uk"
    assert "utc_updated_at" not in voice
    assert voice["samples"][0]["item_id"] == "0"
    assert list(form) == FORM_FIELDS
    assert all(isinstance(value, str) for value in form.values())
    assert form["x-amz-meta-blob-id"] == voice["samples"][0]["blob_id"]
    assert form["x-amz-meta-voice-id"] == form["x-amz-meta-upload-id"] == voice["voice_id"]
    assert form["x-amz-date"] == f"{created:%Y%m%dT%H%M%SZ}"


def test_the_policy_names_the_conditions_of_the_api_page_in_their_order(account: Any) -> None:
    form = account.create()["samples"][0]["form_data"]

    policy = json.loads(base64.b64decode(form["policy"]))
    exact = [{name: form[name]} for name in FORM_FIELDS]
    signed = datetime.strptime(form["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert policy["conditions"] == [
        *exact[:10], ["content-length-range", 10485, 33554432], *exact[1:3], *exact[10:13],
    ]  # fmt: skip
    assert datetime.fromisoformat(policy["expiration"]) == signed + timedelta(minutes=15)


def test_a_read_shows_the_voice_without_its_form(account: Any) -> None:
    voice = account.create()
    seen = account.read(voice)

    assert seen["samples"] == [{"item_id": "0", "blob_id": voice["samples"][0]["blob_id"]}]
    assert seen["utc_updated_at"] == seen["utc_created_at"] == voice["utc_created_at"]
    assert seen["processing_result"] is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "ab"}, "data.name"),
        ({"name": "a" * 65}, "data.name"),
        ({"name": "tick\u2713s"}, "data.name"),
        ({"name": "newline\n"}, "data.name"),
        ({"name": None}, "data.name"),
        ({"samples": []}, "data.samples"),
        ({"samples": [{}, {}]}, "data.samples"),
        ({"sample": {"filename": "a/b.mp3"}}, "data.samples.0.filename"),
        ({"sample": {"filename": "ab"}}, "data.samples.0.filename"),
        ({"sample": {"mime_type": "audio/ogg"}}, "data.samples.0.mime_type"),
        ({"sample": {"lang_code": "tlh"}}, "data.samples.0.lang_code"),
        ({"sample": {"denoise": "yes"}}, "data.samples.0.denoise"),
        ({"sample": {"speech_normalization": None}}, "data.samples.0.speech_normalization"),
        ({"sample": {"display_name": 1}}, "data.samples.0.display_name"),
        ({"description": "x" * 10_001}, "data.description"),
        ({"labels": "male"}, "data.labels"),
    ],
)
def test_a_create_against_the_rules_is_a_422_that_names_the_field(
    account: Any, change: dict[str, Any], field: str
) -> None:
    answer = account.clone(**{"name": "A voice", **change})

    assert answer.status_code == 422
    assert any(error["detail"].startswith(field) for error in answer.json()["errors"])
    assert account.list_ids() == []


@pytest.mark.parametrize("name", ["\u0130pek \u0141ukasz-3.b_c", "\u65e5\u672c\u8a9e"])
def test_a_name_may_use_letters_of_any_script(account: Any, name: str) -> None:
    assert account.read(account.create(name))["name"] == name


def test_a_body_that_is_not_wrapped_or_not_json_is_a_422(account: Any) -> None:
    for body in (b'{"name": "A voice"}', b"", b"{", b"[]", b'{"data": {"name": "\\ud800"}}'):
        assert account.http.post("/saas/voice/clone", content=body).status_code == 422


def test_bare_mode_unwraps_both_ways(start: Any, open_account: Any) -> None:
    account = open_account(start(bare=True))
    body = {"name": "A voice", "samples": [{"filename": "a.mp3", "mime_type": "audio/mpeg", "lang_code": "en"}]}

    bare = account.http.post("/saas/voice/clone", json=body)
    wrapped = account.http.post("/saas/voice/clone", json={"data": body})

    assert bare.json()["name"] == "A voice"
    assert wrapped.status_code == 422
    assert account.http.get("/saas/voice").json()["items"][0]["voice_id"] == bare.json()["voice_id"]


def test_without_strict_any_language_shaped_code_is_taken(start: Any, open_account: Any) -> None:
    account = open_account(start(strict=False))

    assert account.clone(sample={"lang_code": "tlh"}).status_code == 200
    assert account.clone(sample={"lang_code": "Klingon"}).status_code == 422


def test_an_update_sets_what_is_given_and_leaves_the_rest(account: Any) -> None:
    voice = account.create(description="old", labels={"gender": "male", "mood": "sad"})
    path = f"/saas/voice/m/{voice['voice_id']}"

    renamed = account.http.post(path, json={"data": {"name": "Other name"}}).json()["data"]
    labelled = account.http.post(path, json={"data": {"labels": {"mood": "happy"}}}).json()["data"]
    cleared = account.http.post(path, json={"data": {"description": None}}).json()["data"]
    refused = account.http.post(path, json={"data": {"name": None}})

    assert (renamed["name"], renamed["description"]) == ("Other name", "old")
    assert renamed["utc_updated_at"] > voice["utc_created_at"]
    assert labelled["labels"] == {"mood": "happy"}  # replaced whole
    assert cleared["description"] is None
    assert refused.status_code == 422
    assert account.read(voice) == cleared


def test_a_deleted_voice_is_gone_with_its_upload(account: Any, tmp_path: Any, speech: bytes) -> None:
    voice = account.create()
    account.upload(voice, speech)
    uploads = tmp_path / "data" / "uploads"
    path = f"/saas/voice/m/{voice['voice_id']}"
    assert len(list(uploads.iterdir())) == 1

    deleted = account.http.delete(path)

    assert (deleted.status_code, deleted.json()) == (200, {"ok": True, "data": {}})
    assert [account.http.request(method, path, json={"data": {}}).status_code for method in ("GET", "POST", "DELETE")] == [404] * 3  # fmt: skip
    assert list(uploads.iterdir()) == []


def test_delete_all_and_unknown_routes_touch_nothing(account: Any) -> None:
    account.create()

    assert account.http.delete("/saas/voice").status_code == 405
    for path in ("/saas/voice/", "/saas/voice/m", "/saas/voice/m/", "/saas/voice/m/a/b", "/elsewhere"):
        answer = account.http.delete(path)
        assert (answer.status_code, answer.json()["ok"]) == (404, False)
    assert len(account.list_ids()) == 1


def test_every_problem_keeps_the_minimum_lengths(account: Any) -> None:
    answers = [
        account.http.get("/x"),
        account.http.delete("/saas/voice"),
        account.clone("ab"),
        account.http.get("/saas/voice", headers={"Authorization": ""}),
        account.http.get("/saas/voice/m/none"),
    ]

    for answer in answers:
        assert answer.json()["ok"] is False
        for problem in answer.json()["errors"]:
            assert problem["status"] == answer.status_code
            assert len(problem["title"]) >= 5
            assert len(problem["detail"]) >= 5
            assert problem["instance"].startswith("/")
            assert problem["type"].startswith("https://")
            assert isinstance(problem["error_code"], int)


def test_two_principals_are_two_accounts_and_no_one_sees_the_other(start: Any, open_account: Any) -> None:
    server = start()
    ours, theirs, again = open_account(server), open_account(server, "other"), open_account(server)
    voice = ours.create()

    assert theirs.list_ids() == []
    assert theirs.http.get(f"/saas/voice/m/{voice['voice_id']}").status_code == 404
    assert theirs.http.delete(f"/saas/voice/m/{voice['voice_id']}").status_code == 404
    assert again.read(voice)["user_id"] == voice["user_id"]


def test_the_quota_counts_every_voice_and_refuses_one_too_many(start: Any, open_account: Any, speech: bytes) -> None:
    account = open_account(start(limit=3))
    account.create()
    ready, failed = account.create(), account.create()
    account.upload(ready, speech)
    account.upload(failed, b"noise" * 4000)
    account.judged(ready)
    account.judged(failed)

    refused = account.clone()

    assert refused.status_code == 403
    assert account.http.get("/saas/voice/limits").json()["data"] == {
        "created": 1, "pending": 0, "ready": 1, "failed": 1, "total": 3, "limit": 3, "remaining": 0,
    }  # fmt: skip


@pytest.mark.parametrize("sort", ["asc", "desc"])
def test_pages_show_each_voice_once_in_order(account: Any, sort: str) -> None:
    made = [account.create(f"Voice {index}")["voice_id"] for index in range(7)]

    seen, page = [], account.http.get("/saas/voice", params={"sort": sort, "page_size": 3}).json()["data"]
    while True:
        assert (page["page_size"], page["count"]) == (3, len(page["items"]))
        seen += [voice["voice_id"] for voice in page["items"]]
        if "next" not in page:
            break
        page = account.http.get("/saas/voice", params={"token": page["next"]}).json()["data"]

    assert seen == (made if sort == "asc" else made[::-1])


def test_a_voice_deleted_between_two_pages_hides_no_other(account: Any) -> None:
    made = [account.create()["voice_id"] for _ in range(4)]
    page = account.http.get("/saas/voice", params={"sort": "asc", "page_size": 2}).json()["data"]
    account.http.delete(f"/saas/voice/m/{made[0]}")

    assert account.list_ids(token=page["next"]) == made[2:]


@pytest.mark.parametrize(
    "query",
    [
        {"page_size": "0"}, {"page_size": "51"}, {"page_size": "ten"}, {"sort": "up"}, {"token": "?"},
        {"token": "e30"}, {"token": "W10", "sort": "asc"},
    ],
)  # fmt: skip
def test_a_list_query_against_the_rules_is_a_422(account: Any, query: dict[str, str]) -> None:
    assert account.http.get("/saas/voice", params=query).status_code == 422


def test_a_token_comes_alone(account: Any) -> None:
    account.create()
    account.create()
    token = account.http.get("/saas/voice", params={"page_size": 1}).json()["data"]["next"]

    assert account.http.get("/saas/voice", params={"token": token}).status_code == 200
    assert account.http.get("/saas/voice", params={"token": token, "page_size": 1}).status_code == 422


def test_builtin_voices_are_paged_and_the_same_for_all(account: Any, open_account: Any) -> None:
    other = open_account(account.server, "other")
    first = account.http.get("/saas/voice/builtin", params={"page_size": 7}).json()["data"]
    rest = account.http.get("/saas/voice/builtin", params={"token": first["next"]}).json()["data"]
    backwards = other.http.get("/saas/voice/builtin", params={"page_size": 50, "sort": "asc"}).json()["data"]

    voices = first["items"] + rest["items"]
    assert "next" not in rest
    assert voices == backwards["items"][::-1]
    assert len({voice["voice_id"] for voice in voices}) == 12
    assert {voice["voice_type"] for voice in voices} == {"instantly_cloned_builtin"}


def test_every_answer_carries_the_servers_time(account: Any) -> None:
    assert account.http.get("/saas/voice").headers["date"].endswith("GMT")
