"""Thirty customers, three waves: the index of satisfaction, with figures worked out by hand.

What every customer answers is the same plan with a few exceptions, so that each figure below can be checked on paper:
two levels, `dialogue` (politeness, reachability) and `requests` (speed, quality).
"""

import datetime as dt

import pytest

from caseway.contracts.quality import AnswerRecorded, CommentRecorded, InterviewRecorded, WaveRecorded
from caseway.kernel.errors import Rejected
from caseway_analytics.domain.satisfaction import Method, index, scored, worst_movers
from caseway_analytics.domain.surveyed import kept, name_of
from caseway_analytics.domain.waves import Candidate, Criteria, Surveyed, chosen, wave_report

NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
METHOD = Method(levels={"dialogue": ("politeness", "reachability"), "requests": ("speed", "quality")}, target=80.0)
CUSTOMERS = [f"customer-{number:02}" for number in range(1, 31)]
LEVEL = {"politeness": "dialogue", "reachability": "dialogue", "speed": "requests", "quality": "requests"}
WAVES = ("2024", "2025", "2026")


def scores_of(customer, wave):
    """Everybody gives 4 everywhere; the first loses two points of speed in 2025 and gains one back in 2026, the second
    loses one of politeness in 2026, the third is always content, the thirtieth joins in 2026.
    """
    plan = dict.fromkeys(LEVEL, 4)
    if customer == "customer-01":
        plan["speed"] = {"2024": 4, "2025": 2, "2026": 3}[wave]
    if customer == "customer-02" and wave == "2026":
        plan["politeness"] = 3
    if customer == "customer-03":
        plan = dict.fromkeys(LEVEL, 5)
    return plan


def weights_of(customer):
    """The first finds speed three times as important as the rest."""
    return {"speed": 3.0, "quality": 1.0, "politeness": 1.0, "reachability": 1.0} if customer == "customer-01" else {}


def records():
    for wave in WAVES:
        took_part = CUSTOMERS if wave == "2026" else CUSTOMERS[:29]
        yield WaveRecorded(wave=wave, starts_on=dt.date(int(wave), 10, 1), customers=tuple(took_part), at=NOON)
        for customer in took_part:
            interview = f"{wave}/{customer}"
            yield InterviewRecorded(
                customer=customer,
                interview=interview,
                wave=wave,
                interviewer="ivo",
                weights=weights_of(customer),
                at=NOON,
            )
            for indicator, score in scores_of(customer, wave).items():
                yield AnswerRecorded(
                    customer=customer, answer=f"{interview}/{indicator}", wave=wave, interview=interview,
                    level=LEVEL[indicator], indicator=indicator, score=score, at=NOON,
                )  # fmt: skip


def surveyed(**changes):
    stored = {name_of(each): kept(each, None, NOON) for each in records()}
    kinds = {
        kind: [each for each in stored.values() if each["kind"] == kind] for kind in ("wave", "interview", "answer")
    }
    return Surveyed(waves=kinds["wave"], interviews=kinds["interview"], answers=kinds["answer"], **changes)


@pytest.fixture(scope="module")
def told():
    return {wave: wave_report(surveyed(), wave, METHOD) for wave in WAVES}


def customer_of(report, name):
    return next(each for each in report["customers"] if each["customer"] == name)


def test_the_first_customers_index_weighs_what_matters_to_that_customer(told):
    """S3-04, S3-05, S3-06: (3·s + 4 + 4 + 4) / (5 · 6) of speed's score s."""
    assert [customer_of(told[wave], "customer-01")["index"] for wave in WAVES] == [80.0, 60.0, 70.0]
    assert [customer_of(told[wave], "customer-01")["delta"] for wave in WAVES] == [None, -20.0, 10.0]
    assert [customer_of(told[wave], "customer-01")["target_gap"] for wave in WAVES] == [0.0, -20.0, -10.0]


def test_it_shows_at_which_level_it_got_worse(told):
    """S3-07: requests = (3·2 + 4) / (5 · 4) = 50 %, from 80 %; dialogue stays at 80 %."""
    levels = customer_of(told["2025"], "customer-01")["levels"]
    assert levels["requests"] == {"index": 50.0, "delta": -30.0}
    assert levels["dialogue"] == {"index": 80.0, "delta": 0.0}
    assert told["2025"]["worst_movers"] == [{"customer": "customer-01", "level": "requests", "delta": -30.0}]


def test_who_lost_most_comes_first_and_who_joined_has_no_earlier_wave(told):
    """S3-07: the second loses one of eight points in dialogue: 70 % from 80 %."""
    assert told["2026"]["worst_movers"] == [{"customer": "customer-02", "level": "dialogue", "delta": -10.0}]
    assert customer_of(told["2026"], "customer-30")["delta"] is None


def test_statistics_across_customers_by_wave(told):
    """S3-10, S3-17: 28 at 80 %, one at 60 %, one at 100 % …

    2024: 28 · 80 + 100 = 2340, over 29. 2025: 27 · 80 + 100 + 60 = 2320. 2026: 27 · 80 + 100 + 70 + 75 = 2405, over 30.
    """
    assert [told[wave]["all"]["mean"] for wave in WAVES] == [80.69, 80.0, 80.17]
    assert [told[wave]["all"]["customers"] for wave in WAVES] == [29, 29, 30]
    assert [told[wave]["all"]["reached_target"] for wave in WAVES] == [29, 28, 28]
    assert (told["2026"]["all"]["least"], told["2026"]["all"]["most"]) == (70.0, 100.0)
    assert told["2025"]["all_before"]["mean"] == 80.69


def test_the_panel_stays_and_is_told_apart(told):
    """S3-08, S3-15: yearly waves; earlier participants stay in."""
    panel = [each["customer"] for each in told["2026"]["customers"] if each["panel"]]
    assert panel == CUSTOMERS[:29]
    assert not any(each["panel"] for each in told["2024"]["customers"])


def test_an_interview_by_somebody_who_serves_the_customer_does_not_count():
    """S3-09: independent staff."""
    report = wave_report(surveyed(serving={"customer-03": {"ivo"}}), "2026", METHOD)
    assert [each["customer"] for each in report["not_counted"]] == ["customer-03"]
    assert "customer-03" not in [each["customer"] for each in report["customers"]]
    assert report["missing"] == ["customer-03"]


def test_a_sample_is_chosen_by_criteria_and_keeps_the_panel():
    """S3-08: VIP, contract above an amount, new, class of equipment, certain service."""
    on = dt.date(2026, 10, 1)
    candidates = [
        Candidate(customer="vip", is_vip=True),
        Candidate(customer="large", contract_value=100_001),
        Candidate(customer="exact", contract_value=100_000),
        Candidate(customer="new", since_on=dt.date(2026, 1, 1)),
        Candidate(customer="future", since_on=dt.date(2027, 1, 1)),
        Candidate(customer="old", since_on=dt.date(2020, 1, 1)),
        Candidate(customer="kept", since_on=dt.date(2020, 1, 1)),
        Candidate(customer="lift", equipment=frozenset({"lift"}), services=frozenset({"repair"})),
    ]
    criteria = Criteria(vip=True, contract_above=100_000, new=True, equipment="lift", service="repair")
    assert chosen(candidates, criteria, {"kept"}, on) == {
        "kept": ("panel",),
        "large": ("contract_above",),
        "lift": ("equipment", "service"),
        "new": ("new",),
        "vip": ("vip",),
    }


def answers(**scores):
    return [
        {"customer": "c", "indicator": name, "level": LEVEL.get(name, "other"), "score": score, "weight": None, "representative": who}
        for name, told in scores.items()
        for who, score in told.items()
    ]  # fmt: skip


def test_what_was_asked_and_not_answered_has_no_score_and_its_weight_is_missing():
    """Semantics 5.9: over answered indicators only; the share of the missing weight is told."""
    given = answers(speed={"a": 5}, quality={"a": None})
    found = scored("c", "w", given, [{"weights": {"speed": 1.0, "quality": 3.0}}], METHOD)
    assert found.overall == 100.0
    assert found.missing_weight_ratio == 0.75
    assert (found.answered, found.asked) == (1, 2)


def test_several_representatives_have_a_mean_and_a_spread():
    """Two people, means of 5 and 3: index 80 %, standard deviation √2."""
    found = scored("c", "w", answers(speed={"a": 5, "b": 3}, quality={"a": 5, "b": 3}), [], METHOD)
    assert found.overall == 80.0
    assert found.representatives == 2
    assert found.spread == pytest.approx(2**0.5)


def test_nobody_answered_is_no_index_and_no_hundred_percent():
    """Bad input: empty sets; weights of zero."""
    assert scored("c", "w", answers(speed={"a": None}), [], METHOD).overall is None
    assert index({"speed": 5.0}, {"speed": 0.0}) is None
    report = wave_report(Surveyed(waves=[], interviews=[], answers=[]), "", METHOD)
    assert report["all"]["mean"] is None
    assert report["all"]["reached_target"] == 0


def test_levels_may_be_weighted_instead_of_indicators():
    """Dialogue 100 % with weight 3, requests 60 % with weight 1: 90 %."""
    method = Method(levels=METHOD.levels, level_weights={"dialogue": 3.0, "requests": 1.0}, by_level=True)
    assert scored("c", "w", answers(politeness={"a": 5}, speed={"a": 3}), [], method).overall == 90.0


def test_who_improved_is_no_mover():
    before = scored("c", "1", answers(speed={"a": 3}), [], METHOD)
    after = scored("c", "2", answers(speed={"a": 5}), [], METHOD)
    assert worst_movers([(after, before), (before, None)]) == []


def comment(status, **fields):
    return CommentRecorded(customer="c", comment="k", status=status, text="too slow", at=NOON, **fields)


def test_a_comment_goes_its_way_to_the_customer_and_back():
    """S3-11 … S3-14: open → planned → done → customer told → asked again; each step keeps its date."""
    before = None
    for place, step in enumerate(
        (
            comment("open"),
            comment("planned", action="a-1"),
            comment("done"),
            comment("customer_informed"),
            comment("asked_again", satisfaction=4),
        )
    ):
        before = kept(step, before, NOON + dt.timedelta(days=place))
    assert list(before["steps"]) == ["open", "planned", "done", "customer_informed", "asked_again"]
    assert (before["action"], before["satisfaction"], before["text"]) == ("a-1", 4, "too slow")


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([comment("open"), comment("customer_informed")], "out-of-order"),
        ([comment("open"), comment("declined")], "malformed"),
        ([comment("open"), comment("declined", reason="too dear"), comment("asked_again", satisfaction=2)], "out-of-order"),
        ([comment("open"), comment("done"), comment("customer_informed"), comment("asked_again")], "malformed"),
    ],
)  # fmt: skip
def test_a_step_that_cannot_follow_is_refused(steps, reason):
    """Bad input: who declines says why; nobody is asked again who was not told."""
    before = None
    for step in steps[:-1]:
        before = kept(step, before, NOON)
    with pytest.raises(Rejected) as refused:
        kept(steps[-1], before, NOON)
    assert refused.value.reason == reason


def test_a_clock_ahead_puts_no_record_into_the_future():
    """Bad input: clocks ahead."""
    assert kept(comment("open"), None, NOON - dt.timedelta(hours=1))["at"] == NOON - dt.timedelta(hours=1)
