"""What the form's policy says is checked before a byte is sent, by the server's clock; the odd is left to the server."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from fake_upload_host import LARGEST, NOW, POLICY, SMALLEST, FakeHost, encoded, form, host, s3_error, sample
from hypothesis import given
from hypothesis import strategies as st
from virtual_time import run_virtually, virtual_now

from reconciler.errors import UploadError
from reconciler.palabra.upload import Policy, check_policy, read_policy, server_clock
from reconciler.palabra.wire import UploadForm


def test_no_try_is_made_after_the_form_has_expired(tmp_path: Path) -> None:
    upload_host = host(s3_error(503, "SlowDown", headers={"Retry-After": "50"}))

    async def upload() -> None:
        start = NOW + timedelta(minutes=7)
        now = lambda: start + timedelta(seconds=virtual_now())  # noqa: E731 - the server's clock
        await upload_host.take(form(), sample(tmp_path), now=now)

    with pytest.raises(UploadError) as refused:
        run_virtually(upload())
    assert refused.value.expired
    assert len(upload_host.requests) == 2


@pytest.mark.parametrize("size", [0, SMALLEST - 1, LARGEST + 1])
def test_a_file_outside_the_policy_is_not_sent(size: int, tmp_path: Path) -> None:
    upload_host = FakeHost()
    with pytest.raises(UploadError, match=f"{size} bytes") as refused:
        run_virtually(upload_host.take(form(), sample(tmp_path, b"x" * size)))
    assert not upload_host.requests
    assert refused.value.fix


@pytest.mark.parametrize("size", [SMALLEST, LARGEST])
def test_the_bounds_of_the_policy_are_inclusive(size: int) -> None:
    check_policy(form(), size=size, now=NOW)


def test_a_form_is_good_until_the_second_of_its_expiry() -> None:
    moment = datetime(2025, 6, 19, 11, 7, 53, tzinfo=UTC)
    check_policy(form(), size=100, now=moment - timedelta(seconds=1))
    with pytest.raises(UploadError) as refused:
        check_policy(form(), size=100, now=moment)
    assert refused.value.expired


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(st.just("content-length-range") | inner, max_size=3)
        | st.dictionaries(st.sampled_from(["expiration", "conditions", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(JSON.map(encoded) | st.text(max_size=40) | st.just(POLICY[:-5]) | st.just(encoded([]) * 2))
def test_a_policy_that_cannot_be_read_is_left_to_the_server(policy: str) -> None:
    read = read_policy(form(policy=policy))
    assert read is None or isinstance(read, Policy)
    check_policy(form(policy=policy), size=100, now=datetime(1, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "policy",
    [
        encoded({"conditions": [["content-length-range", float("inf"), 3]]}),
        encoded({"expiration": "9999-12-31T23:59:59-14:00", "conditions": []}),
        encoded({"expiration": "tomorrow", "conditions": []}),
        encoded({"expiration": 5, "conditions": {}}),
        "!!!",
        "\u00e4",
    ],
)
def test_odd_policies_are_skipped(policy: str, tmp_path: Path) -> None:
    upload_host = FakeHost()
    run_virtually(upload_host.take(form(policy=policy), sample(tmp_path)))
    assert len(upload_host.requests) == 1


def test_a_deeply_nested_policy_is_skipped() -> None:
    nested = base64.b64encode(b"[" * 9000).decode()
    assert read_policy(form(policy=nested)) is None


def test_without_a_policy_the_server_decides(tmp_path: Path) -> None:
    upload_host = FakeHost()
    run_virtually(upload_host.take(UploadForm(form().url, {"key": "k"}), sample(tmp_path)))
    assert len(upload_host.requests) == 1


@pytest.mark.parametrize("hours", [-30, 0, 5])
def test_the_servers_clock_is_its_date_moved_on(hours: int) -> None:
    theirs = datetime.now(UTC) + timedelta(hours=hours)
    clock = server_clock(format_datetime(theirs, usegmt=True))
    assert abs(clock() - theirs) < timedelta(minutes=1)
    assert clock() <= clock()


@pytest.mark.parametrize(
    "date", ["Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 -0000", "Sunday, 06-Nov-94 08:49:37 GMT"]
)
def test_the_servers_clock_is_read_in_every_form_of_date(date: str) -> None:
    """RFC 9110, 5.6.7: two obsolete forms must still be taken, and all are in UTC."""
    assert abs(server_clock(date)() - datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("date", [None, "", "soon", "Fri, 32 Dec 2020 99:00:00 GMT", "0"])
def test_without_a_date_our_own_clock_must_do(date: str | None) -> None:
    assert abs(server_clock(date)() - datetime.now(UTC)) < timedelta(minutes=1)
