from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.auth import S3SigV4PostAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from reconciler.emulator.post_policy import BUCKET, SIZE_RANGE, Reservation, SigningKey, check_form, make_form
from reconciler.emulator.s3_error import S3Error

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
KEY = SigningKey("AK", "secret")
FORM = make_form(
    Reservation(user_id="u", voice_id="v", blob_id="b", filename="a (1).mp3", mime_type="audio/mpeg", created=NOW), KEY
)


def check(form: dict[str, str], *, bucket: str = BUCKET, now: datetime = NOW) -> tuple[int, int]:
    return check_form(list(form.items()), bucket=bucket, key=KEY, now=now)


def test_the_form_as_made_is_accepted() -> None:
    assert check(FORM) == SIZE_RANGE
    assert check({**FORM, "x-ignore-me": "x"}) == SIZE_RANGE
    assert check({name.upper(): value for name, value in FORM.items()}) == SIZE_RANGE


def test_the_signature_is_the_one_amazons_own_library_computes() -> None:
    signer = S3SigV4PostAuth(Credentials(KEY.access_key, KEY.secret_key), "s3", "eu-central-1")
    request = AWSRequest(method="POST")
    request.context["timestamp"] = FORM["x-amz-date"]

    assert signer.signature(FORM["policy"], request) == FORM["x-amz-signature"]


@given(st.sampled_from(sorted(FORM)), st.text(max_size=20))
def test_no_field_can_be_given_another_value(field: str, value: str) -> None:
    if FORM[field] == value:
        return
    with pytest.raises(S3Error):
        check({**FORM, field: value})


@pytest.mark.parametrize("field", sorted(set(FORM) - {"bucket"}))
def test_no_field_can_be_left_out(field: str) -> None:
    with pytest.raises(S3Error):
        check({name: value for name, value in FORM.items() if name != field})


@given(st.text(min_size=1))
def test_no_field_can_be_added(name: str) -> None:
    if name.lower() in {*map(str.lower, FORM), "file"} or name.lower().startswith("x-ignore-"):
        return
    with pytest.raises(S3Error, match="Extra input fields"):
        check({**FORM, name: "x"})


def test_a_second_value_of_a_field_is_checked_too() -> None:
    same = [*FORM.items(), ("acl", "private")]
    other = [*FORM.items(), ("acl", "public-read")]

    assert check_form(same, bucket=BUCKET, key=KEY, now=NOW) == SIZE_RANGE
    with pytest.raises(S3Error, match="Policy Condition failed"):
        check_form(other, bucket=BUCKET, key=KEY, now=NOW)


def test_a_form_is_good_for_fifteen_minutes_of_its_whole_second_and_one_bucket() -> None:
    whole_second = NOW.replace(microsecond=0)
    assert check(FORM, now=whole_second + timedelta(minutes=15, microseconds=-1)) == SIZE_RANGE

    with pytest.raises(S3Error, match="Policy expired"):
        check(FORM, now=whole_second + timedelta(minutes=15))
    with pytest.raises(S3Error, match="Policy Condition failed"):
        check(FORM, bucket="other")


@pytest.mark.parametrize(
    "policy",
    ["", "***", "bm90IGpzb24=", "e30=", "eyJleHBpcmF0aW9uIjoiMjA5OS0wMS0wMVQwMDowMDowMFoiLCJjb25kaXRpb25zIjpbN119"],
)
def test_a_signed_policy_that_makes_no_sense_is_refused_as_such(policy: str) -> None:
    scope = FORM["x-amz-credential"].split("/")[1:]
    form = {**FORM, "policy": policy, "x-amz-signature": KEY.sign(policy, scope)}

    with pytest.raises(S3Error) as refused:
        check(form)

    assert refused.value.code == "InvalidPolicyDocument"
