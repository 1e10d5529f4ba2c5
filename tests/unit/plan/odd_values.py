"""Voice files with every odd value that the models allow, and servers with every odd habit."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from reconciling import TRACKS
from worlds import FORMS, Habits

KEYS = ("anna", "support/anna", "zo\u00eb", "\u65e5\u672c/a.b-c", "bella")

names = st.one_of(
    st.sampled_from(
        ["Anna", "anna", "  Anna ", "---", "A  B", "Zo\u00eb M\u00fcller", "\u212bngstr\u00f6m", "\ufb01n_9."]
    ),
    st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd"], include_characters="-_. "), min_size=3, max_size=8),
)
MARKS = ("[voicectl p/anna 01234567]", "[voicectl p/bella 0123456]", "[voicectl other/anna 01234567]", "[voicectl")
texts = st.one_of(
    st.sampled_from(["", " ", "\n", "Warm.", "Warm.\r\nCalm.\r", "  padded  ", "e\u0301", "a\u2028b\x00", *MARKS]),
    st.sampled_from([f"Warm {mark}" for mark in MARKS]),
    st.text(max_size=12),
)
labels = st.fixed_dictionaries(
    {},
    optional={
        "gender": st.sampled_from(["male", "female", None]),
        "age_group": st.sampled_from(["kid", "senior", None]),
        "mood": st.sampled_from(["happy", None]),
    },
)
samples = st.fixed_dictionaries(
    {"file": st.sampled_from([*TRACKS, None]), "lang_code": st.sampled_from(["en", "EN", "pt-BR"])},
    optional={
        "denoise": st.booleans(),
        "speech_normalization": st.booleans(),
        "display_name": texts,
        "description": texts,
    },
)
lifecycles = st.fixed_dictionaries(
    {},
    optional={
        "replace": st.sampled_from(["create_first", "destroy_first"]),
        "keep_replaced": st.sampled_from(["0s", "1h"]),
        "on_remove": st.sampled_from(["delete", "forget"]),
        "prevent_destroy": st.booleans(),
    },
)
in_place: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"name": names},
    optional={
        "description": texts,
        "labels": labels,
        "lifecycle": lifecycles,
        "manage": st.sampled_from(["full", "full", "observe"]),
    },
)
"""The part of a voice file that can change without another clone."""
voice_files: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda fields, sample: {**fields, "samples": [sample]}, in_place, samples
)
habits = st.builds(
    Habits,
    forms=st.lists(st.sampled_from(sorted(FORMS)), max_size=3, unique=True).map(tuple),
    page_size=st.sampled_from([1, 50]),
    lag=st.sampled_from([0.0, 5.0]),
    short_list=st.booleans(),
    looks=st.integers(0, 2),
    merges_labels=st.booleans(),
)
foreign_texts = st.one_of(st.none(), texts.filter(lambda text: "voicectl p/" not in text))
