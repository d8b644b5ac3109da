"""A person's rights to their data, and where they end."""

from __future__ import annotations

import datetime as dt

import bson
import pytest
from bson.codec_options import CodecOptions

from caseway.contracts.case_commands import NoteCase, RecordCallback, ReplyToCase
from caseway.contracts.voice_commands import DecideDataAction, DeclareIncident, EraseCase, RequestDataAction
from caseway.kernel.decision import Arm
from caseway.kernel.errors import Superseded
from caseway_intake.adapters.cases import dump_case, load_case
from caseway_intake.adapters.errands import ERRANDS, dump_errand
from caseway_intake.domain import life
from caseway_intake.domain.life.steps import CORE, ERASURE
from tests.intake_builders import AGENT, CASE_ID, EDGE, EMPLOYEE, NOW, OFFICER, SUPERVISOR, mail
from tests.intake_voices import SAID, by, refusal_of, told, verbs, voice

DAY = dt.timedelta(days=1)
SECRETS = ("jan", "Kowalski", "paczk", "mail.1@example.com", "A-2026-0042", "+48600555010")
AWARE = CodecOptions(tz_aware=True, tzinfo=dt.UTC)
CONSENT = {"action": "consent", "fields": {"purpose": "newsletter", "given": False}}


def opened(**changes):
    first = mail(
        **{
            "customer": {"state": "linked", "id": "k-1", "name": "Jan Kowalski"},
            "fields": {"order": "A-2026-0042", "phone": "+48600555010"},
            "raw": "aa" * 32,
            **changes,
        }
    )
    return life.open_case(first, by(EDGE), 27).case


def requested(action="erasure", case=None, **fields):
    case = told(case or opened(), RequestDataAction, AGENT, action=action, **fields).case
    return case, case.privacy.requests[-1].id


def granted(action="erasure", case=None, **fields):
    case, request = requested(action, case, **fields)
    return told(case, DecideDataAction, OFFICER, request=request, granted=True, identity="called back")


def erased(case, request="request_1", action="erasure", now=NOW):
    command = EraseCase(case_id=case.id, actor=EDGE, request=request, customer="k-1", action=action)
    return life.decide(case, command, by(EDGE, "erase", at=now, source=ERASURE))


def test_a_request_goes_before_everything_else_and_waits_for_an_officer():
    """S4-05."""
    outcome = told(opened(), RequestDataAction, AGENT, action="erasure", text="please")
    assert verbs(outcome) == ["data-action-requested", "facts-assigned"]
    assert (outcome.facts[0].customer, outcome.facts[1].class_) == ("k-1", "data_protection")
    request = {"request": outcome.facts[0].request}
    decide = {**request, "granted": True, "identity": "id seen"}
    assert refusal_of(told(outcome.case, DecideDataAction, SUPERVISOR, **decide)) == "role"


def test_nothing_is_granted_without_the_persons_identity_or_declined_without_a_reason():
    case, request = requested()
    assert refusal_of(told(case, DecideDataAction, OFFICER, request=request, granted=True)) == "identity"
    assert refusal_of(told(case, DecideDataAction, OFFICER, request=request, granted=False)) == "no-reason"
    declined = told(case, DecideDataAction, OFFICER, request=request, granted=False, reason="not the person")
    assert (verbs(declined), declined.commands, declined.errands) == (["data-action-decided"], (), ())
    again = {"request": request, "granted": True, "identity": "x"}
    assert refusal_of(told(declined.case, DecideDataAction, OFFICER, **again)) == "already-decided"


def test_a_consent_withdrawn_holds_at_once_and_one_given_waits_for_the_decision():
    outcome = told(opened(), RequestDataAction, AGENT, **CONSENT)
    assert verbs(outcome) == ["data-action-requested", "consent-changed", "facts-assigned"]
    assert (outcome.facts[1].customer, outcome.facts[1].purpose, outcome.facts[1].given) == ("k-1", "newsletter", False)
    fields = {"purpose": "newsletter", "given": True}
    assert verbs(told(opened(), RequestDataAction, AGENT, action="consent", fields=fields)) == [
        "data-action-requested", "facts-assigned",
    ]  # fmt: skip
    assert verbs(granted("consent", fields=fields)) == ["data-action-decided", "consent-changed"]
    assert refusal_of(told(opened(), RequestDataAction, AGENT, action="consent")) == "no-purpose"


def test_a_correction_reaches_the_case_and_crm():
    outcome = granted("correction", fields={"name": "Jan Nowak", "email": "nowak@example.com", "shoe": 44})
    assert verbs(outcome) == ["data-action-decided", "facts-assigned"]
    assert outcome.facts[0].fields["shoe"] == 44
    assert (outcome.case.customer.name, outcome.case.answer.email) == ("Jan Nowak", "nowak@example.com")


def test_access_allows_the_export_and_changes_nothing():
    outcome = granted("access")
    assert (verbs(outcome), outcome.commands, outcome.errands) == (["data-action-decided"], (), ())


def test_erasure_tells_this_case_at_once_the_others_by_a_search_and_leaves_the_registration_nameless():
    """S2-17: the registration itself stays."""
    outcome = granted()
    (command,), (search,), (record,) = outcome.commands, outcome.errands, outcome.records
    assert (command.case_id, command.customer, command.action) == (CASE_ID, "k-1", "erasure")
    assert (search.customer, search.email, search.action) == ("k-1", "jan@example.com", "erasure")
    assert (record.customer, record.name, record.emails, record.phones) == ("k-1", "", (), ())


def test_an_erased_case_holds_nothing_of_the_person_and_still_counts():
    before = told(opened(), ReplyToCase, AGENT, text="Panie Kowalski, paczka jest w drodze").case
    before = told(before, NoteCase, AGENT, text="Jan called").case
    outcome = erased(before)
    (fact,) = outcome.facts
    assert (fact.TYPE, fact.customer, fact.digests) == ("caseway.case.personal-data-erased.v1", "k-1", ("aa" * 32,))
    assert {"nature", "customer", "answer", "keys", "entries", "files"} <= set(fact.erased)
    document = str(dump_case(outcome.case)).replace("k-1", "")
    assert not [secret for secret in SECRETS if secret.lower() in document.lower()]
    after = outcome.case
    assert (after.channel, after.nature.category, after.status, after.contacts_count, after.customer.id) == (
        "email", "delivery", "open", 1, "k-1",
    )  # fmt: skip
    (trace,) = outcome.errands
    assert (trace.keys, trace.addresses, trace.files) == (("mail.1@example.com",), ("jan@example.com",), ("aa" * 32,))


def test_a_contact_known_before_the_erasure_is_still_known():
    after = erased(opened()).case
    again = life.decide(after, mail(), by(EDGE))
    assert verbs(again) == ["contact-repeated"]
    new = life.decide(after, mail("new@example.com"), by(EDGE))
    assert verbs(new) == ["contact-added"]


def test_an_erased_voice_stays_the_companys_without_the_person():
    case = told(voice(), DeclareIncident, EMPLOYEE).case
    after = erased(case).case
    assert after.voice.text != SAID
    assert "手数料の説明が分かりにくい" in after.voice.text
    assert not [secret for secret in ("山田", "花子", "0101") if secret in str(dump_case(after))]


def test_erasing_twice_is_one_erasure_and_a_later_request_another():
    after = erased(opened()).case
    with pytest.raises(Superseded):
        erased(after)
    assert verbs(erased(after, request="request_2")) == ["personal-data-erased"]


def test_only_intake_itself_says_that_data_is_to_go():
    command = EraseCase(case_id=CASE_ID, actor=EDGE, request="r")
    assert refusal_of(life.decide(opened(), command, by(EDGE, source="gateway://x"))) == "role"
    assert verbs(life.decide(opened(), command, by(EDGE, source=CORE))) == ["personal-data-erased"]


def test_what_a_law_wants_kept_is_restricted_until_then_and_erased_by_itself():
    """The longest of the laws that hold counts."""
    outcome = erased(opened(category="trade"))
    (fact,), (timer,) = outcome.facts, outcome.timers
    assert (fact.TYPE, fact.reason, fact.until) == (
        "caseway.case.personal-data-restricted.v1", "金融商品取引法", NOW + 3650 * DAY,
    )  # fmt: skip
    assert isinstance(timer, Arm)
    kept = outcome.case
    assert refusal_of(told(kept, NoteCase, OFFICER, text="look")) == "restricted"
    assert refusal_of(told(kept, RecordCallback, SUPERVISOR, outcome="reached", text="x")) == "restricted"
    assert verbs(life.decide(kept, mail("new@example.com"), by(EDGE))) == ["contact-added"]
    assert verbs(told(kept, RequestDataAction, AGENT, action="access"))[0] == "data-action-requested"
    with pytest.raises(Superseded):
        erased(kept)
    due = life.decide_when_due(timer.kind, kept, timer.due_at, by(EDGE, at=timer.due_at))
    assert verbs(due) == ["personal-data-erased"]
    assert life.decide_when_due(timer.kind, due.case, timer.due_at, by(EDGE, at=timer.due_at)) is None


def test_a_law_whose_time_is_over_keeps_nothing():
    long_ago = erased(opened(category="complaint"), now=NOW + 1826 * DAY)
    assert verbs(long_ago) == ["personal-data-erased"]


def test_a_restriction_that_was_asked_for_has_no_end_but_erasure():
    outcome = erased(opened(), action="restriction")
    assert (outcome.facts[0].reason, outcome.facts[0].until) == ("request", None)
    assert granted("restriction").errands[0].action == "restriction"
    assert verbs(erased(outcome.case, request="request_2")) == ["personal-data-erased"]


@pytest.mark.parametrize("outcome", [granted(), erased(opened())])
def test_errands_and_cases_come_back_from_the_database_as_they_were(outcome):
    (errand,) = outcome.errands
    document = bson.decode(bson.encode({**dump_errand(errand), "_id": errand.id}), AWARE)
    assert ERRANDS.load(document) == errand
    case = bson.decode(bson.encode({**dump_case(outcome.case), "_id": outcome.case.id}), AWARE)
    assert load_case(case) == outcome.case
