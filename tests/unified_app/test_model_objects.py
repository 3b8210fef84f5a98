from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unified_app.model_objects import PlacementObject, SyncResult, UnifiedModelObject

texts = st.text(max_size=30)
times = st.none() | st.datetimes(timezones=st.just(UTC))
facts = st.dictionaries(texts, st.integers() | texts | st.none() | st.lists(texts), max_size=4)
placements = st.builds(
    PlacementObject, texts, texts, texts, texts, digest=texts, size=st.none() | st.integers(0), modified_at=times
)
objects = st.builds(
    UnifiedModelObject,
    id=texts,
    name=texts,
    capabilities=st.none() | st.lists(texts),
    parameters=facts,
    created_at=times,
    updated_at=times,
    performance_metrics=facts,
    placements=st.lists(placements, max_size=2),
)


@given(objects)
def test_to_dict_and_from_dict_round_trip_through_json(model):
    assert UnifiedModelObject.from_dict(json.loads(json.dumps(model.to_dict()))) == model


def test_a_field_that_does_not_exist_is_named():
    with pytest.raises(TypeError, match="colour"):
        UnifiedModelObject.from_dict({"name": "a", "colour": "red"})


def test_only_an_available_model_may_be_called():
    assert UnifiedModelObject(name="a").is_available()
    assert not UnifiedModelObject(name="a", status="retired").is_available()
    assert (
        UnifiedModelObject(name="a", endpoint="http://h/api/generate").get_serving_endpoint() == "http://h/api/generate"
    )


def test_a_sync_result_reads_its_duration_in_seconds():
    assert SyncResult(duration=2.46).to_dict()["duration"] == "2.5s"


def test_times_are_iso_8601():
    model = UnifiedModelObject(name="a", created_at=datetime(2026, 1, 2, tzinfo=UTC))
    assert model.to_dict()["created_at"] == "2026-01-02T00:00:00+00:00"
