"""The topology is the wire's: topics, types, keys and sizes by the names that outsiders rely on."""

from pathlib import Path

import pytest

from caseway.contracts import diagram
from caseway.contracts.topology import (
    OUTSIDE,
    PARTITIONS,
    STAGES,
    TOPICS,
    is_lane_source,
    lane_sources,
    topic_named,
    topics_read_by,
    topics_written_by,
)
from caseway.contracts.wire import WireModel

MEBIBYTE = 1024 * 1024

# The names below are copied from the wire contract, not derived: a rename must turn this red.
CASE_VERBS = """add-contact reply note assign-facts confirm-facts hold release resolve close reopen request-escalation
record-callback declare-incident hand-over judge check submit open absorb approve reject merge unmerge link-customer
propose-customer-merge decide-customer-merge stamp whisper follow set-team escalate-to-department return-from-department
ask-advice advise request-remote request-data-action decide-data-action accept-hand-over return-hand-over set-incident-role
update-incident contain-incident end-incident review-incident
link edit-voice erase watch refuse-contact"""
CASE_FACTS = """opened contact-added contact-updated contact-repeated facts-assigned facts-confirmed held released replied
noted resolved closed reopened escalation-requested callback-recorded incident-declared handed-over judged checked submitted
approved rejected merged unmerged customer-linked customer-merge-proposed customer-merge-decided stamped whispered followed
team-changed escalated-to-department returned-from-department advice-asked advised remote-requested shared incident-updated
incident-contained incident-ended incident-reviewed incident-role-set hand-over-accepted hand-over-returned
data-action-requested data-action-decided personal-data-erased consent-changed contact-bounced refused
linked voice-edited watched continued incident-joined incident-corrected approval-reminded personal-data-restricted
contact-refused"""
WORK_VERBS = """queue withdraw raise set-presence heartbeat accept decline start-work pause-work transfer complete
finish-wrap-up release take"""
WORK_FACTS = """queued offered accepted work-started work-paused declined expired returned transferred wrapping-up completed
withdrawn raised refused quieted revived postponed mentioned unroutable"""
MILESTONES = "started paused resumed warned met violated cancelled"
MILESTONE_COMMANDS = "recompute take-over"
NOTIFICATIONS = "requested delivered failed given-up suppressed acknowledged"
QUALITY = "wave interview answer comment action improvement"


def named(prefix, words, suffix=""):
    return {f"caseway.{prefix}.{word}{suffix}.v1" for word in words.split()}


WIRE = {
    **{
        f"contacts.{channel}": {f"caseway.contact.{channel}.v1"}
        for channel in ("email", "chat", "phone", "web", "message", "desk")
    },
    "customers": {
        "caseway.customer.recorded.v1",
        "caseway.customer.merged.v1",
        "caseway.order.changed.v1",
        "caseway.entitlement.recorded.v1",
    },
    "case.commands": named("case", CASE_VERBS),
    "cases": named("case", CASE_FACTS),
    "work.commands": named("work", WORK_VERBS),
    "work": named("work", WORK_FACTS) | {"caseway.agent.presence-changed.v1"},
    "milestones": named("milestone", MILESTONES)
    | named("ladder", "started rung-reached acknowledged resumed ended")
    | {"caseway.handling.measured.v1"},
    "milestone.commands": named("milestone", MILESTONE_COMMANDS)
    | named("ladder", "take-over acknowledge report-unreached"),
    "notifications": named("notification", NOTIFICATIONS),
    "outbound.chat": {"caseway.outbound.message.v1"},
    "outbound.message": {"caseway.outbound.message.v1"},
    "quality": named("quality", QUALITY, "-recorded"),
    "measures": {"caseway.measure.taken.v1", "caseway.report.published.v1"},
    **{f"{service}.parked": set() for service in ("intake", "router", "escalation", "notifier", "analytics")},
}

READERS = {
    "intake.edge": {f"contacts.{channel}" for channel in ("email", "chat", "phone", "web", "message", "desk")}
    | {"customers"},
    "intake.core": {"case.commands"},
    "router.edge": {"cases", "milestones"},
    "router.core": {"work.commands"},
    "escalation": {"cases", "work", "milestone.commands", "notifications"},
    "notifier": {"cases", "work", "milestones", "customers", "measures"},
    "analytics": {"cases", "work", "milestones", "notifications", "quality"},
}


def test_topics_and_types_are_those_of_the_wire():
    assert {topic.name: set(topic.types) for topic in TOPICS} == WIRE


def test_each_stage_reads_what_the_design_says():
    assert {stage: {topic.name for topic in topics_read_by(stage)} for stage in STAGES} == READERS


def test_a_command_has_one_reader_and_a_fact_one_writing_service():
    """design.md §1: two kinds of topic, and no third."""
    for topic in TOPICS:
        if topic.kind == "command":
            assert len(topic.readers) == 1, topic.name
        else:
            writers = {writer.split(".")[0] for writer in topic.writers}
            is_entrance = topic.name.startswith("contacts.") or topic.name in {"customers", "quality"}
            assert len(writers) == 1 or (is_entrance and writers == {OUTSIDE, "intake"}), topic.name


def test_no_stage_reads_a_topic_that_nobody_writes():
    assert all(topic.writers and topic.readers for topic in TOPICS)
    assert {topic.name for topic in topics_written_by(OUTSIDE)} >= {
        "contacts.email",
        "customers",
        "quality",
        "case.commands",
    }


def models():
    return [
        pytest.param(topic, model, id=f"{topic.name} {model.__name__}") for topic in TOPICS for model in topic.models
    ]


@pytest.mark.parametrize(("topic", "model"), models())
def test_a_model_knows_its_type_topic_and_key(topic, model: type[WireModel]):
    assert topic.name == model.TOPIC or model.TYPE == "caseway.outbound.message.v1"
    assert model.KEY in model.model_fields
    assert model.__doc__
    assert model.__doc__ != WireModel.__doc__


def test_every_model_stands_in_the_topology():
    """One that does not could be emitted and never read."""

    def leaves(model):
        for each in model.__subclasses__():
            yield from leaves(each)
            if "TYPE" in vars(each) and each.__module__.startswith("caseway."):
                yield each

    assert set(leaves(WireModel)) == {model for topic in TOPICS for model in topic.models}


def test_facts_name_a_past_and_commands_a_wish():
    """Two models of one name on different topics would be one AsyncAPI component."""
    names = [model.__name__ for topic in TOPICS for model in topic.models if topic.name != "outbound.chat"]
    assert len(names) == len(set(names))


def test_sizes_are_those_of_the_wire():
    sizes = {topic.name: topic.max_bytes for topic in TOPICS}
    assert sizes.pop("contacts.email") == 26 * MEBIBYTE
    assert {size for name, size in sizes.items() if name.endswith(".parked")} == {27 * MEBIBYTE}
    assert {size for name, size in sizes.items() if not name.endswith(".parked")} == {MEBIBYTE}


def test_topics_are_made_to_be_read_by_the_brokers_time_and_deleted_in_time():
    for topic in TOPICS:
        assert topic.settings["cleanup.policy"] == "delete"
        assert topic.settings["message.timestamp.type"] == "LogAppendTime"
        assert int(topic.settings["retention.ms"]) > 0
    assert PARTITIONS == 12


def test_only_lanes_that_write_a_topic_count_as_lanes_there():
    assert lane_sources("cases") == {"caseway://intake.core"}
    assert lane_sources("contacts.web") == frozenset()
    assert is_lane_source("notifications", "caseway://notifier.senders")
    assert not is_lane_source("cases", "caseway://intake.edge")
    assert not is_lane_source("cases", "intake.core")
    assert not is_lane_source("no.such.topic", "caseway://intake.core")
    assert not any("doors" in source or "outside" in source for topic in TOPICS for source in lane_sources(topic.name))


def test_a_topic_that_is_not_of_the_topology_has_no_entry():
    with pytest.raises(KeyError):
        topic_named("contacts.fax")


def test_the_picture_shows_every_stage_and_topic():
    picture = diagram.mermaid()
    for stage in STAGES:
        assert f'["{stage}"]' in picture
    for name in ("cases", "work.commands", "milestones", "measures"):
        assert f'[/"{name}"/]' in picture
    assert '[/"contacts.{email chat phone web message desk}"/]' in picture
    assert "  intake_core --> cases\n  cases --> router_edge\n" in picture


def test_readme_shows_the_topology_as_it_is():
    readme = Path(__file__).parents[2] / "README.md"
    assert diagram.is_fresh(readme), "run `caseway contracts diagram --write README.md`"
