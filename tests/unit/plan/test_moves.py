"""Which declared key is an old recorded key under another name."""

from __future__ import annotations

from plan_sides import declared, recorded

from reconciler.plan.moves import find_moves

ANNA = recorded(declared("anna"), "v1")


def test_previously_says_it_whatever_else_changed() -> None:
    new = declared("new", audio="b", name="Other", previously=["other", "anna"])

    assert find_moves({"new": new}, {"anna": ANNA}) == {"new": "anna"}


def test_a_key_that_is_still_declared_has_not_moved() -> None:
    files = {"anna": declared("anna"), "new": declared("new", previously=["anna"])}

    assert find_moves(files, {"anna": ANNA}) == {}


def test_two_that_claim_one_key_do_not_both_get_it() -> None:
    files = {"new": declared("new", previously=["anna"]), "newer": declared("newer", previously=["anna"])}

    assert find_moves(files, {"anna": ANNA}) == {"new": "anna"}


def test_one_that_vanished_and_one_that_appeared_with_the_same_audio_are_the_same() -> None:
    assert find_moves({"new": declared("new", name="Other")}, {"anna": ANNA}) == {"new": "anna"}
    assert find_moves({"new": declared("new", file="tagged")}, {"anna": ANNA}) == {"new": "anna"}


def test_other_audio_or_other_settings_are_another_voice() -> None:
    assert find_moves({"new": declared("new", audio="b")}, {"anna": ANNA}) == {}
    assert find_moves({"new": declared("new", sample_denoise=True)}, {"anna": ANNA}) == {}


def test_between_several_with_the_same_audio_the_name_decides() -> None:
    records = {"a": recorded(declared("a", name="Anna"), "v1"), "b": recorded(declared("b", name="Bella"), "v2")}
    files = {"x": declared("x", name="Bella"), "y": declared("y", name="Anna")}

    assert find_moves(files, records) == {"x": "b", "y": "a"}


def test_where_the_name_does_not_decide_nothing_is_guessed() -> None:
    records = {"a": recorded(declared("a"), "v1"), "b": recorded(declared("b"), "v2")}

    assert find_moves({"x": declared("x")}, records) == {}
    assert find_moves({"x": declared("x"), "y": declared("y")}, {"a": records["a"]}) == {}


def test_of_the_last_pair_that_is_left_the_name_need_not_be_the_same() -> None:
    records = {"a": recorded(declared("a", name="Anna"), "v1"), "b": recorded(declared("b", name="Bella"), "v2")}
    files = {"x": declared("x", name="Bella"), "y": declared("y", name="Clara")}

    assert find_moves(files, records) == {"x": "b", "y": "a"}


def test_an_import_is_meant_and_no_move() -> None:
    assert find_moves({"new": declared("new", imports="x")}, {"anna": ANNA}) == {}


def test_a_record_without_a_voice_has_nothing_to_move() -> None:
    gone = recorded(declared("anna"), None, "failed")

    assert find_moves({"new": declared("new", previously=["anna"])}, {"anna": gone}) == {}


def test_a_voice_may_move_to_a_key_whose_last_attempt_failed() -> None:
    records = {"anna": ANNA, "new": recorded(declared("new"), None, "failed")}

    assert find_moves({"new": declared("new")}, records) == {"new": "anna"}


def test_keys_that_swap_are_both_still_there_and_do_not_move() -> None:
    records = {"a": recorded(declared("a", audio="a"), "v1"), "b": recorded(declared("b", audio="b"), "v2")}
    files = {"a": declared("a", audio="b"), "b": declared("b", audio="a")}

    assert find_moves(files, records) == {}
