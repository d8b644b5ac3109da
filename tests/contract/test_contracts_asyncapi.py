"""Each service's AsyncAPI document says what is wired, and is as it would be written now."""

from pathlib import Path

import pytest
import yaml

from caseway.contracts.topology import SERVICES, STAGES, topic_named, topics_read_by
from caseway.runtime.asyncapi import built, text_of

FOLDER = Path(__file__).parents[2] / "docs" / "asyncapi"


@pytest.fixture(params=SERVICES)
def service(request):
    return built(request.param)


@pytest.fixture
def document(service):
    return yaml.safe_load((FOLDER / f"{service.name}.yaml").read_text("utf-8"))


def test_it_is_fresh(service):
    path = FOLDER / f"{service.name}.yaml"
    assert path.read_text("utf-8") == text_of(service), "run `python -m caseway.runtime.asyncapi docs/asyncapi`"


def test_every_stage_reads_what_the_topology_says(service):
    """design.md §1: subscriptions derive from the table, and a stage lists all its topics at once."""
    wired = {stage.name: list(stage.topics) for stage in service.stages if stage.topics}
    named = [stage for stage in STAGES if stage.split(".")[0] == service.name]
    assert {stage: sorted(topics) for stage, topics in wired.items()} == {
        stage: sorted(topic.name for topic in topics_read_by(stage)) for stage in named
    }


def test_a_stage_decides_only_what_its_topics_carry(service):
    for stage in service.stages:
        carried = {type_ for topic in stage.topics for type_ in topic_named(topic).types}
        assert {getattr(handled, "TYPE", handled) for handled in stage.handles} <= carried, stage.name


def test_it_receives_from_every_topic_that_is_subscribed(service, document):
    received = {
        op["channel"]["$ref"].rpartition("/")[2] for op in document["operations"].values() if op["action"] == "receive"
    }
    assert received == {topic for stage in service.stages for topic in stage.topics}


def references(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref":
                yield inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_every_reference_leads_somewhere(document):
    found = set(references(document))
    assert found
    for reference in found:
        if reference.startswith("#/"):
            here = document
            for step in reference[2:].split("/"):
                here = here[step]
        else:
            assert (FOLDER / reference).resolve().is_file(), reference
