"""Voice ids for the products that use them."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from playwright._impl._driver import compute_driver_executable  # a node that is there wherever the tests run
from syrupy.assertion import SnapshotAssertion

from reconciler.desired.voice import unfit_for_key
from reconciler.errors import VoicectlError
from reconciler.palabra.wire import is_usable_id
from reconciler.report.export import Form, form_of, render_export

VOICES = {
    "support/anna": "v-2",
    "anna": "v-1",
    "zo\u00eb.b": "v-3",
    "1st": "v-4",
    "voices": "v-5",
    "\u65e5\u672c": "v-6",
}

keys = st.text(min_size=1, max_size=8).filter(lambda key: unfit_for_key(key) is None)
voice_ids = st.text(min_size=1, max_size=8).filter(is_usable_id)
any_voices = st.dictionaries(keys, voice_ids, max_size=4)


def exported(voices: dict[str, str], form: Form) -> str:
    """Return the export, unless two keys have one name."""
    try:
        return render_export(voices, form)
    except VoicectlError:
        assume(False)
        raise


def run_python(text: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(text, "voices.py", "exec"), names)
    return names


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("voices", [VOICES, {}], ids=["some", "none"])
def test_an_export(form: Form, voices: dict[str, str], snapshot: SnapshotAssertion) -> None:
    assert snapshot == render_export(voices, form)


@given(any_voices, st.sampled_from(Form))
def test_the_same_voices_are_the_same_bytes_in_any_order(voices: dict[str, str], form: Form) -> None:
    assert exported(dict(reversed(voices.items())), form) == exported(voices, form)


@given(any_voices, st.sampled_from(Form), st.data())
def test_an_id_that_moves_changes_one_line(voices: dict[str, str], form: Form, data: st.DataObject) -> None:
    moved = data.draw(st.sets(st.sampled_from(sorted(voices)))) if voices else set[str]()
    before = exported(voices, form).split("\n")
    after = exported({key: f"{voice_id}-2" if key in moved else voice_id for key, voice_id in voices.items()}, form)

    changed = [pair for pair in zip(before, after.split("\n"), strict=True) if pair[0] != pair[1]]
    assert len(changed) == len(moved)


@given(any_voices)
def test_json_is_read_back_as_it_was(voices: dict[str, str]) -> None:
    assert json.loads(render_export(voices, Form.JSON)) == voices


@given(any_voices)
def test_python_is_read_back_as_it_was(voices: dict[str, str]) -> None:
    names = run_python(exported(voices, Form.PYTHON))

    assert names["VOICES"] == voices
    constants = {name: value for name, value in names.items() if name.isupper() and name != "VOICES"}
    assert sorted(constants.values()) == sorted(voices.values())


@given(any_voices)
def test_typescript_is_one_constant_object_of_json_strings(voices: dict[str, str]) -> None:
    text = render_export(voices, Form.TYPESCRIPT)

    body = re.fullmatch(
        r"// [^\n]*\nexport const voices = \{\n(.*)\} as const;\n\nexport type VoiceKey = keyof typeof voices;\n",
        text,
        re.DOTALL,
    )
    assert body is not None
    plain = body[1].strip().removesuffix(",").replace('["__proto__"]:', '"__proto__":')
    assert json.loads("{" + plain + "}") == voices


def test_javascript_reads_every_key_as_its_own_property() -> None:
    hard = {**VOICES, "__proto__": "v-7", "constructor": "v-8", "it's": "v-9", '"': "v-10", "\u2028x": "v-11"}
    text = render_export(hard, Form.TYPESCRIPT).replace("export const", "const").replace(" as const", "")
    script = text.partition("export type")[0] + "console.log(JSON.stringify(Object.entries(voices)))"

    node, _ = compute_driver_executable()
    done = subprocess.run([node, "-"], input=script.encode(), capture_output=True, check=True)

    assert dict(json.loads(done.stdout)) == hard


@settings(max_examples=30, deadline=None)
@given(st.lists(voice_ids.filter(lambda voice_id: voice_id.isprintable()), min_size=1, max_size=20, unique=True))
def test_sh_reads_every_id_as_it_is_and_runs_nothing(ids: list[str]) -> None:
    voices = {f"k{n}": voice_id for n, voice_id in enumerate([*ids, "$(exit${IFS}7)", "a;b", "`id`", "it's", "*", "~"])}
    names = [f"VOICE_K{n}" for n in range(len(voices))]
    script = render_export(voices, Form.ENV) + "".join(f'printf "%s\\n" "${name}"\n' for name in names)

    done = subprocess.run(["sh", "-eu"], input=script.encode(), capture_output=True, check=True)

    assert done.stderr == b""
    assert done.stdout.decode().split("\n")[:-1] == list(voices.values())


def test_an_ordinary_id_needs_no_quotes_so_that_docker_can_read_the_file_too() -> None:
    assert render_export({"anna": "0a1b-2c_3d.4"}, Form.ENV) == "VOICE_ANNA=0a1b-2c_3d.4\n"


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("support/anna-marie", "SUPPORT_ANNA_MARIE"),
        ("2fa", "V_2FA"),
        ("voices", "V_VOICES"),
        ("jos\u00e9", "JOSE"),
        ("stra\u00dfe", "STRASSE"),
        ("\u0430\u043d\u043d\u0430", "U0410U041DU041DU0410"),
        ("\U0001f399-1", "U1F399_1"),
        ("class", "CLASS"),
        ("__init__", "INIT"),
        ("+", "V_"),
    ],
)
def test_the_constant_of_a_hard_key(key: str, name: str) -> None:
    assert render_export({key: "v1"}, Form.ENV) == f"VOICE_{name}=v1\n"
    assert run_python(render_export({key: "v1"}, Form.PYTHON))[name] == "v1"


@pytest.mark.parametrize("name", ["voices.json", ".env", "a.prod.env", "src/voices.py", "voices.ts"])
def test_a_file_that_says_its_form(name: str) -> None:
    assert form_of(name) is not None


@pytest.mark.parametrize("name", ["voices.yaml", "env", "voices.json5", "voices.TS", ""])
def test_a_file_that_does_not(name: str) -> None:
    assert form_of(name) is None


@pytest.mark.parametrize("form", [Form.ENV, Form.PYTHON])
def test_two_keys_of_one_name_are_refused_and_named(form: Form) -> None:
    with pytest.raises(VoicectlError, match="'a/b' and 'a_b' would both be called A_B") as caught:
        render_export({"a/b": "v1", "a_b": "v2"}, form)

    assert "--format json" in caught.value.fix


@pytest.mark.parametrize("form", [Form.JSON, Form.TYPESCRIPT])
def test_where_keys_stay_as_they_are_they_never_collide(form: Form) -> None:
    text = render_export({"a/b": "v1", "a_b": "v2"}, form)

    assert "a/b" in text
    assert "a_b" in text


def test_mypy_takes_the_python_module(tmp_path: Path) -> None:
    from mypy import api  # noqa: PLC0415 - a second, for one test

    (tmp_path / "voices.py").write_text(render_export(VOICES, Form.PYTHON), encoding="utf-8")
    (tmp_path / "use.py").write_text('from voices import ANNA, VOICES\nx: str = ANNA + VOICES["anna"]\n')

    cache = f"--cache-dir={tmp_path / 'cache'}"
    out, err, code = api.run(
        ["--strict", "--config-file=", cache, str(tmp_path / "voices.py"), str(tmp_path / "use.py")]
    )

    assert (out, err, code) == ("Success: no issues found in 2 source files\n", "", 0)


@given(any_voices)
def test_json_is_indented_and_sorted_as_python_does_it(voices: dict[str, str]) -> None:
    assert render_export(voices, Form.JSON) == json.dumps(voices, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
