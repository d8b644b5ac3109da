"""What may be asked of a measure, and what comes back; bad questions name their field."""

import datetime as dt

import pytest

from caseway_analytics.domain.answers import answer, measures_needed
from caseway_analytics.domain.figures import Cell, Figure
from caseway_analytics.domain.histogram import bucket_of
from caseway_analytics.domain.questions import BadQuestion, asked

NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=dt.UTC)
ZONE = "Europe/Warsaw"


def question(measure="pick_up", **parameters):
    return asked(measure, {name.rstrip("_"): value for name, value in parameters.items()}, now=NOW, zone=ZONE)


def test_without_a_span_it_is_the_day_so_far_in_the_desks_zone():
    asked_for = question()
    assert asked_for.starts_at == dt.datetime(2026, 11, 22, 23, tzinfo=dt.UTC)
    assert asked_for.ends_at == dt.datetime(2026, 11, 23, 10, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"grain": "week"}, "grain"),
        ({"grain": ""}, "grain"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"zone": "Europe"}, "zone"),
        ({"zone": "Asia/Kolkata"}, "zone"),
        ({"by": "agent"}, "by"),
        ({"by": "queue,colour"}, "by"),
        ({"from_": "yesterday"}, "from"),
        ({"from_": "2026-11-22T10:00:00"}, "from"),
        ({"from_": "2026-13-01"}, "from"),
        ({"from_": "2026-11-22T10:30:00Z"}, "from"),
        ({"to": "2026-11-22T10:00:01Z", "from_": "2026-11-22"}, "to"),
        ({"from_": "2026-11-23", "to": "2026-11-22"}, "from"),
        ({"from_": "2026-11-22", "to": "2026-11-22"}, "from"),
        ({"from_": "1026-11-22", "to": "2026-11-22", "grain": "day"}, "from"),
        ({"from_": "2026-01-01", "to": "2026-11-22"}, "from"),
        ({"from_": "0001-01-01", "to": "2026-11-22"}, "from"),
        ({"to": "9999-12-31T23:00:00-12:00"}, "to"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_bad_question_names_the_field_that_is_wrong(parameters, field):
    """Bad input: unknown grains, zones, ranges of a thousand years."""
    with pytest.raises(BadQuestion) as bad:
        question(**parameters)
    assert bad.value.field == field
    assert bad.value.expected


def test_an_unknown_measure_is_answered_with_those_there_are():
    with pytest.raises(BadQuestion) as bad:
        question("happiness")
    assert bad.value.field == "measure"
    assert "pick_up" in bad.value.expected


def test_a_plus_that_became_a_space_is_understood():
    asked_for = question(from_="2026-11-22T00:00:00 01:00", to="2026-11-23T00:00:00 01:00")
    assert asked_for.starts_at == dt.datetime(2026, 11, 21, 23, tzinfo=dt.UTC)


def cell(hour, channel="email", queue="stores", **figures):
    at = dt.datetime(2026, 11, 22, tzinfo=dt.UTC) + dt.timedelta(hours=hour)
    return Cell(hour=at, channel=channel, queue=queue, figures=figures)


def timed(*seconds):
    buckets = {}
    for each in seconds:
        bucket = bucket_of(each * 1000)
        buckets[bucket] = buckets.get(bucket, 0) + 1
    return Figure(count=len(seconds), milliseconds=sum(seconds) * 1000, buckets=buckets)


def test_an_answer_by_hour_and_queue():
    cells = [
        cell(8, queue="stores", pick_up=timed(10, 30)),
        cell(8, queue="stores", channel="chat", pick_up=timed(20)),
        cell(9, queue="other", pick_up=timed(60)),
        cell(9, queue="other", resolution=timed(60)),
    ]
    told = answer(question(from_="2026-11-22", to="2026-11-23", by="queue"), cells, as_of=NOW)
    assert [(row["starts"], row["queue"], row["count"], row["mean_seconds"]) for row in told["rows"]] == [
        ("2026-11-22T09:00:00+01:00", "stores", 3, 20.0),
        ("2026-11-22T10:00:00+01:00", "other", 1, 60.0),
    ]
    assert told["total"]["count"] == 4
    assert told["total"]["mean_seconds"] == 30.0
    assert abs(told["total"]["p90_seconds"] - 60) <= told["percentile_error"] * 60


def test_a_day_is_the_zones_day_also_when_the_clock_changes():
    """Semantics 5.2: zones by date. On 25 October 2026 a day in Warsaw has 25 hours."""
    start = dt.datetime(2026, 10, 24, 22, tzinfo=dt.UTC)
    cells = [
        Cell(hour=start + dt.timedelta(hours=place), channel="chat", queue="", figures={"contacts": Figure(count=1)})
        for place in range(-1, 26)
    ]
    told = answer(
        question("contacts", from_="2026-10-24", to="2026-10-27", grain="day", by="channel"), cells, as_of=NOW
    )
    assert [(row["starts"], row["count"]) for row in told["rows"]] == [
        ("2026-10-24", 1),
        ("2026-10-25", 25),
        ("2026-10-26", 1),
    ]


def test_an_empty_span_has_no_rows_and_dashes_not_zeros_for_times():
    """Bad input: empty sets."""
    told = answer(question(), [], as_of=NOW)
    assert told["rows"] == []
    assert told["total"]["count"] == 0
    assert told["total"]["mean_seconds"] is None
    assert told["total"]["p90_seconds"] is None


def test_a_ratio_of_nothing_is_nothing():
    assert measures_needed("promises_kept") == ("milestones_met", "milestones_violated")
    none = answer(question("promises_kept"), [], as_of=NOW)
    assert none["total"] == {"part": 0, "of": 0, "ratio": None}
    cells = [cell(8, milestones_met=Figure(count=3), milestones_violated=Figure(count=1))]
    some = answer(question("promises_kept", from_="2026-11-22", to="2026-11-23"), cells, as_of=NOW)
    assert some["total"] == {"part": 3, "of": 4, "ratio": 0.75}
    assert some["unit"] == "ratio"
