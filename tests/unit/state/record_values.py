"""Every record and document that could be, for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from reconciler.state.document import LastError, RecordedSample, Retired, StateDocument, Successor, VoiceRecord

texts = st.text(max_size=8)
ids = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="/?#%\\."), min_size=1, max_size=8)
labels = st.dictionaries(st.sampled_from(["gender", "age_group", "mood"]), st.none() | texts, max_size=3)
samples = st.builds(
    RecordedSample,
    file=texts,
    sha256=texts,
    size=st.integers(0, 10**9),
    stream_sha256=st.none() | texts,
    lang_code=texts,
    denoise=st.booleans(),
    speech_normalization=st.booleans(),
    display_name=st.none() | texts,
    description=st.none() | texts,
)
observed = st.dictionaries(st.sampled_from(["name", "description", "labels.mood"]), st.none() | texts, min_size=1)
retired = st.builds(
    Retired,
    voice_id=ids,
    until=texts,
    name=st.none() | texts,
    description=st.none() | texts,
    labels=st.none() | labels,
    sample=st.none() | samples,
    created_at=st.none() | texts,
    observed=st.none() | observed,
)
records = st.builds(
    VoiceRecord,
    voice_id=st.none() | ids,
    status=st.sampled_from(["created", "pending", "ready", "failed", "deleted", "?"]),
    name=texts,
    description=st.none() | texts,
    labels=labels,
    sample=st.none() | samples,
    created_at=st.none() | texts,
    prevent_destroy=st.booleans(),
    retired=st.lists(retired, max_size=2).map(tuple),
    last_error=st.none() | st.builds(LastError, texts, st.lists(texts, max_size=2).map(tuple)),
    on_remove=st.sampled_from([None, "forget"]),
    successor=st.none()
    | st.builds(
        Successor,
        voice_id=ids,
        status=texts,
        name=texts,
        description=st.none() | texts,
        labels=labels,
        sample=st.none() | samples,
        created_at=st.none() | texts,
    ),
    observed=st.none() | observed,
    manage=st.sampled_from([None, "observe"]),
)
documents = st.builds(
    StateDocument,
    environment=texts,
    lineage=texts,
    serial=st.integers(0, 10**6),
    account=st.none() | texts,
    voices=st.dictionaries(texts, records, max_size=3),
)
