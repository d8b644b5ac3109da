"""What may be asked of a measure, and what comes back; bad questions name their field."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from caseway_analytics.domain.answers import answer
from caseway_analytics.domain.composing import figures_table
from caseway_analytics.domain.defining import Targets
from caseway_analytics.domain.histogram import bucket_of
from caseway_analytics.domain.questions import BadQuestion, Keeping, Question, asked, needed

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
        ({"grain": "decade"}, "grain"),
        ({"grain": ""}, "grain"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"zone": "Europe"}, "zone"),
        ({"zone": "Asia/Kathmandu"}, "zone"),
        ({"by": "agent,product"}, "by"),
        ({"agent": "ada", "by": "queue"}, "by"),
        ({"hours": "lunch"}, "hours"),
        ({"hours": "business", "measure": "contacts"}, "hours"),
        ({"from_": "2026-05-01", "to": "2026-06-01"}, "grain"),
        ({"from_": "2026-05-01", "to": "2026-06-01", "grain": "day", "zone": "Asia/Tokyo"}, "zone"),
        ({"from_": "2026-05-01T12:00:00Z", "to": "2026-06-01", "grain": "day"}, "from"),
        ({"by": "queue,colour"}, "by"),
        ({"from_": "yesterday"}, "from"),
        ({"from_": "2026-11-22T10:00:00"}, "from"),
        ({"from_": "2026-13-01"}, "from"),
        ({"from_": "2026-11-22T10:15:00Z"}, "from"),
        ({"to": "2026-11-22T10:00:01Z", "from_": "2026-11-22"}, "to"),
        ({"from_": "2026-11-23", "to": "2026-11-22"}, "from"),
        ({"from_": "2026-11-22", "to": "2026-11-22"}, "from"),
        ({"from_": "1026-11-22", "to": "2026-11-22", "grain": "day"}, "from"),
        ({"from_": "2026-01-01", "to": "2026-11-22", "grain": "hour"}, "from"),
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


def cell(hour, channel="email", queue="stores", priority="normal", **figures):
    at = dt.datetime(2026, 11, 22, tzinfo=dt.UTC) + dt.timedelta(hours=hour)
    return {"slot": at, "values": [channel, queue, priority], "m": figures}


def timed(*seconds):
    buckets = {}
    for each in seconds:
        bucket = str(bucket_of(each * 1000))
        buckets[bucket] = buckets.get(bucket, 0) + 1
    return {"n": len(seconds), "ms": sum(seconds) * 1000, "b": buckets}


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
        {"slot": start + dt.timedelta(hours=place), "values": ["chat", "", ""], "m": {"contacts": {"n": 1}}}
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
    assert needed("promises_kept") == ("milestones_met", "milestones_violated")
    none = answer(question("promises_kept"), [], as_of=NOW)
    assert none["total"] == {"part": 0, "of": 0, "ratio": None}
    cells = [cell(8, milestones_met={"n": 3}, milestones_violated={"n": 1})]
    some = answer(question("promises_kept", from_="2026-11-22", to="2026-11-23"), cells, as_of=NOW)
    assert some["total"] == {"part": 3, "of": 4, "ratio": 0.75}
    assert some["unit"] == "ratio"


def test_a_half_hour_zones_day_begins_at_its_own_midnight():
    """India is five and a half hours ahead: its day begins at 18:30 UTC."""
    cells = [cell(18, contacts={"n": 1}), cell(18.5, contacts={"n": 10}), cell(42, contacts={"n": 100})]
    told = answer(
        question("contacts", from_="2026-11-22", to="2026-11-24", grain="day", zone="Asia/Kolkata"), cells, as_of=NOW
    )
    assert [(row["starts"], row["count"]) for row in told["rows"]] == [("2026-11-22", 1), ("2026-11-23", 110)]


def test_weeks_months_and_all_of_it():
    cells = [cell(0, contacts={"n": 1}), cell(30, contacts={"n": 2}), cell(-24 * 25, contacts={"n": 4})]
    span = {"from_": "2026-10-01", "to": "2026-12-01"}

    def rows(grain):
        keeping = Keeping(half_hours=dt.timedelta(days=400))
        asked_for = asked(
            "contacts", {"from": span["from_"], "to": span["to"], "grain": grain}, now=NOW, zone=ZONE, keeping=keeping
        )
        return [(row["starts"], row["count"]) for row in answer(asked_for, cells, as_of=NOW)["rows"]]

    assert rows("week") == [("2026-W44", 4), ("2026-W47", 1), ("2026-W48", 2)]
    assert rows("month") == [("2026-10", 4), ("2026-11", 3)]
    assert rows("all") == [("all", 7)]


def test_business_time_is_told_beside_the_walls():
    """Semantics 5.2: a night in between is no waiting."""
    wall, business = timed(50_000), timed(3_600)
    stored = cell(8, resolution={**wall, "w": business["ms"], "h": business["b"]})
    span = {"from_": "2026-11-22", "to": "2026-11-23"}
    assert answer(question("resolution", **span), [stored], as_of=NOW)["total"]["mean_seconds"] == 50_000
    told = answer(question("resolution", hours="business", **span), [stored], as_of=NOW)
    assert told["total"]["mean_seconds"] == 3_600
    assert told["hours"] == "business"


def test_beside_each_other_a_count_of_nothing_is_zero_and_a_time_of_nothing_is_nothing():
    cells = [
        cell(8, queue="stores", pick_up=timed(10, 30)),
        cell(9, queue="other", transfers={"n": 2}),
        cell(9, queue="", transfers={"n": 0}),
    ]
    span = {"from_": "2026-11-22", "to": "2026-11-23", "by": "queue", "grain": "all"}
    asked_for = [(question(measure, **span), cells) for measure in ("pick_up", "transfers", "service_level")]
    table = figures_table("T", asked_for, as_of=NOW, targets=Targets())
    names = [column.name for column in table.columns]
    assert len(table.rows) == 2, "what was counted and taken back is no row"
    rows = {row[0]: dict(zip(names, row, strict=True)) for row in table.rows}
    assert (rows["stores"]["pick_up_count"], rows["stores"]["transfers"]) == (2, 0)
    assert (rows["other"]["pick_up_count"], rows["other"]["transfers"]) == (0, 2)
    assert (rows["other"]["pick_up_mean"], rows["other"]["service_level"]) == (None, None)


def test_filters_leave_out_what_was_not_asked_for():
    cells = [
        cell(8, queue=queue, channel=channel, contacts={"n": 1}) for queue in "ab" for channel in ("email", "chat")
    ]
    told = answer(question("contacts", from_="2026-11-22", queue="a", channel="chat,web"), cells, as_of=NOW)
    assert told["total"]["count"] == 1
    assert told["filters"] == {"channel": ["chat", "web"], "queue": ["a"]}


def test_a_service_level_is_reckoned_by_each_queues_own_target():
    """S1-44: 80/20 on the phone, 80/300 elsewhere."""
    cells = [cell(8, queue="phone", pick_up=timed(10, 100)), cell(8, queue="stores", pick_up=timed(100, 400))]
    targets = Targets(within_seconds={"phone": 20, "*": 300})
    told = answer(question("service_level", from_="2026-11-22", grain="all"), cells, as_of=NOW, targets=targets)
    assert told["total"] == {"part": 2, "of": 4, "ratio": 0.5}
    by_queue = answer(
        question("service_level", from_="2026-11-22", grain="all", by="queue"), cells, as_of=NOW, targets=targets
    )
    assert [(row["queue"], row["ratio"]) for row in by_queue["rows"]] == [("phone", 0.5), ("stores", 0.5)]


def test_the_backlog_counts_everything_since_the_beginning_and_stands_still_between():
    """Backlog: five came before the span, one left on the second day."""
    cells = [
        cell(-24 * 60, backlog_in={"n": 5}),
        cell(2, backlog_in={"n": 2}, backlog_out={"n": 1}),
        cell(25, backlog_out={"n": 1}),
    ]
    told = answer(question("backlog", from_="2026-11-21", to="2026-11-24", grain="day"), cells, as_of=NOW)
    assert [(row["starts"], row["count"]) for row in told["rows"]] == [
        ("2026-11-21", 5),
        ("2026-11-22", 6),
        ("2026-11-23", 5),
    ]
    assert told["total"] == {"count": 5}


def test_the_backlogs_age_is_that_of_what_stands_at_the_end_of_each_slot():
    """Backlog and its age: one of 10:00 on the 21st, one of 02:00 on the 23rd, UTC; the first left on the 23rd at 05:00."""
    first, second = 217_332_000 + 86_400, 217_562_400
    cells = [
        cell(-14, backlog_in={"n": 1, "s": first}),
        cell(26, backlog_in={"n": 1, "s": second}),
        cell(29, backlog_out={"n": 1, "s": first}),
    ]
    told = answer(question("backlog_age", from_="2026-11-21", to="2026-11-24", grain="day"), cells, as_of=NOW)
    assert [(row["starts"], row["count"], row["mean_seconds"]) for row in told["rows"]] == [
        # the zone's days end at 23:00 UTC
        ("2026-11-21", 1, 13 * 3600.0),
        ("2026-11-22", 1, 37 * 3600.0),
        ("2026-11-23", 1, 7.5 * 3600),
    ]
    empty = answer(question("backlog_age", from_="2026-11-21"), [], as_of=NOW)
    assert empty["total"] == {"count": 0, "mean_seconds": None}


def test_a_campaign_is_measured_against_its_recipients_where_somebody_told_them():
    """S2-23: responses per recipients; what nobody told is named, not guessed."""
    cells = [
        {**cell(8, campaign_responses={"n": count}), "values": ["", campaign, category]}
        for campaign, category, count in (("spring", "a", 20), ("spring", "b", 10), ("leaflet", "a", 3))
    ]
    targets = Targets(recipients={"spring": 1000})
    span = {"from_": "2026-11-22", "grain": "all"}
    by = answer(question("campaign_response", by="campaign", **span), cells, as_of=NOW, targets=targets)
    whole = answer(question("campaign_response", **span), cells, as_of=NOW, targets=targets)
    split = answer(question("campaign_response", by="category", **span), cells, as_of=NOW, targets=targets)
    assert [(row["campaign"], row["ratio"], row.get("unknown")) for row in by["rows"]] == [
        ("leaflet", None, ["leaflet"]),
        ("spring", 0.03, None),
    ]
    assert whole["total"] == {"part": 30, "of": 1000, "ratio": 0.03, "unknown": ["leaflet"]}
    assert split["total"] == whole["total"], "a campaign's recipients are counted once"
    with pytest.raises(BadQuestion) as bad:
        question("campaign_response", by="queue")
    assert bad.value.field == "by"


@pytest.mark.parametrize(
    ("grain", "expected"),
    [
        ("hour", [("2026-03-28T22:00:00+01:00", 22), ("2026-03-28T23:00:00+01:00", 23)]),
        ("day", [("2026-03-28", 23), ("2026-03-29", 22), ("2026-03-30", 22)]),
        ("week", [("2026-W13", 22), ("2026-W14", 22)]),
        ("month", [("2026-03", 22), ("2026-04", 22)]),
        ("all", [("all", 22)]),
    ],
)
def test_slots_end_where_the_next_begins_also_when_the_clock_changes(grain, expected):
    start = dt.datetime(2026, 3, 28, 21 if grain == "hour" else 20, tzinfo=dt.UTC)
    ends_at = {
        "hour": start + dt.timedelta(hours=2), "day": dt.datetime(2026, 3, 30, 22, tzinfo=dt.UTC),
    }.get(grain, dt.datetime(2026, 4, 5, 22, tzinfo=dt.UTC))  # fmt: skip
    asked_for = Question(
        measure="backlog", starts_at=start, ends_at=ends_at, grain=grain, by=(), zone=ZoneInfo("Europe/Warsaw")
    )
    told = list(asked_for.periods(NOW))
    assert [(name, end.hour) for name, end in told] == expected
    assert told[-1][1] == ends_at
