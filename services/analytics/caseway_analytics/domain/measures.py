"""What is measured, each figure defined once.

A measure turns a case's history into samples; what a cell holds is the sum of its samples. Streaming adds the
difference that one fact makes (`domain.cells`), a recount adds whole histories (`domain.recount`): the definition is
this one. A dimension that is not known yet is the empty text. docs/measures.md is written from this table.
"""

from __future__ import annotations

from collections.abc import Mapping

from caseway_analytics.domain import counts, deriving, times
from caseway_analytics.domain.climbs import OF_CLIMBS
from caseway_analytics.domain.defining import Derived, Measure

_DISAGREEING_CLOCKS = "A wait that two clocks make negative counts as none at all."
_EACH_CYCLE = "Each cycle counts by itself: a reopening does not spoil what was measured."
_UNRESOLVED = "A case that is closed unresolved has none."
_TURNS = ("The four turns add up to the resolution time.", _EACH_CYCLE, _UNRESOLVED)
_WHO = "Team is the agent's at that moment, by configuration."

OF_CASES = (
    Measure(
        name="cases_opened", title="Cases opened", unit="count", source="case.opened",
        edge_cases=("Merged cases stay counted: they were opened.",),
        formula=counts.cases_opened, reads=("opened_at", "stays"),
    ),
    Measure(
        name="contacts", title="Contacts", unit="count", source="case.opened, case.contact-added",
        edge_cases=("A repeated mail is no new contact.", "What we wrote is none."),
        formula=counts.contacts, reads=("opened_at", "contacts", "stays"),
    ),
    Measure(
        name="contacts_added", title="Contacts added to cases", unit="count", source="case.contact-added",
        edge_cases=("Outbound contacts are not counted.",),
        formula=counts.contacts_added, reads=("contacts", "stays"),
    ),
    Measure(
        name="pick_up", title="Pick-up time", unit="seconds", source="work.queued … work.accepted",
        edge_cases=(
            "Declined and expired offers do not begin the wait anew.",
            "What an agent held and gave back waits anew, from then on.",
            "A move to another pool keeps the age, less what was in somebody's hands.",
            _DISAGREEING_CLOCKS,
        ),
        formula=times.pick_up, reads=("pick_ups",),
    ),
    Measure(
        name="first_response", title="First response", unit="seconds",
        source="case.opened … the first of: case.replied by a person, an outbound contact of an agent, a call answered, "
        "a callback that reached the customer",
        edge_cases=("Automatic answers and bots never count.", "Cases that we began have none.", _DISAGREEING_CLOCKS),
        formula=times.first_response, reads=("first_response", "stays"),
    ),
    Measure(
        name="next_response", title="Next response", unit="seconds",
        source="case.contact-added by the customer … what counts as a first response",
        edge_cases=(
            "From the oldest contact that nobody has answered; more of them meanwhile do not begin it anew.",
            "A resolution ends the wait without a response.",
        ),
        formula=times.next_response, reads=("next_responses", "stays"),
    ),
    Measure(
        name="resolution", title="Resolution", unit="seconds", source="case.opened or case.reopened … case.resolved",
        edge_cases=(_EACH_CYCLE, _UNRESOLVED, _DISAGREEING_CLOCKS),
        formula=times.resolution, reads=("cycles", "stays"),
    ),
    Measure(
        name="with_desk", title="Time with the desk", unit="seconds", source="`turn` of case facts",
        edge_cases=_TURNS, formula=times.with_desk, reads=("cycles", "stays"),
    ),
    Measure(
        name="with_department", title="Time with departments", unit="seconds", source="`turn` of case facts",
        edge_cases=_TURNS, formula=times.with_department, reads=("cycles", "stays"),
    ),
    Measure(
        name="with_customer", title="Time with the customer", unit="seconds", source="`turn` of case facts",
        edge_cases=_TURNS, formula=times.with_customer, reads=("cycles", "stays"),
    ),
    Measure(
        name="with_third", title="Time with third parties", unit="seconds", source="`turn` of case facts",
        edge_cases=_TURNS, formula=times.with_third, reads=("cycles", "stays"),
    ),
    Measure(
        name="handling", title="Handling time", unit="seconds", source="work.completed (handling_seconds)",
        edge_cases=(
            "Without it: the sum of the stretches told by work.work-paused; without those, from acceptance to completion.",
            "What was withdrawn is not handled.",
            _WHO,
        ),
        formula=times.handling, reads=("handled",),
    ),
    Measure(
        name="handling_declared_wrong", title="Handling after wrong declarations", unit="seconds",
        source="work.completed of cases with case.facts-confirmed (corrected)",
        edge_cases=("Counts all the case's handling, also what came before the error was found.",),
        formula=times.handling_declared_wrong, reads=("handled", "corrected_at"),
    ),
    Measure(
        name="handling_declared_right", title="Handling after right declarations", unit="seconds",
        source="work.completed of cases with case.facts-confirmed (nothing corrected)",
        edge_cases=("Cases in which nobody asked are in neither.",),
        formula=times.handling_declared_right, reads=("handled", "is_confirmed", "corrected_at"),
    ),
    Measure(
        name="talk", title="Talk time", unit="seconds", source="case.contact-updated (ended, duration_seconds)",
        edge_cases=("Calls that nobody took have none.", "What telephony tells last counts."),
        formula=times.talk, reads=("calls", "stays"),
    ),
    Measure(
        name="wrap_up", title="Wrap-up time", unit="seconds",
        source="case.contact-updated (wrap_up_seconds), work.completed (wrap_up_seconds), work.wrapping-up … work.completed",
        edge_cases=("What telephony told of the case's calls goes before what the router told.",),
        formula=times.wrap_up, reads=("calls", "wrap_ups", "stays"),
    ),
    Measure(
        name="worked", title="Time worked", unit="seconds", source="work.work-started … work.work-paused",
        edge_cases=(
            "Cut at half hours: each part stands where it was spent, and counts as one.",
            "Of work without any such stretch: from acceptance until it was completed, returned or transferred.",
            "Beyond 24 hours without a word it was forgotten, and stops counting.",
        ),
        formula=times.worked, reads=("worked",),
    ),
    Measure(
        name="transfers", title="Transfers", unit="count", source="work.transferred",
        edge_cases=("Under the queue and the agent that gave it away.",),
        formula=counts.transfers, reads=("transfers",),
    ),
    Measure(
        name="reopened", title="Cases reopened", unit="count", source="case.reopened",
        edge_cases=("A case reopened twice counts twice.",), formula=counts.reopened, reads=("cycles", "stays"),
    ),
    Measure(
        name="first_resolved", title="Cases resolved for the first time", unit="count", source="case.resolved",
        edge_cases=("When it was first resolved, whatever came after.",),
        formula=counts.first_resolved, reads=("cycles", "stays"),
    ),
    Measure(
        name="resolved_at_first_contact", title="Resolved at first contact", unit="count",
        source="case.resolved, case.contact-added, case.reopened, work.transferred",
        edge_cases=("A reopening, however late, takes it back.", "Time with a department is another contact's."),
        formula=counts.resolved_at_first_contact, reads=("cycles", "transfers", "stays"),
    ),
    Measure(
        name="backlog_in", title="Came onto the pile", unit="count", source="case.opened, case.reopened",
        edge_cases=("Under the queue the case came into first.",),
        formula=counts.backlog_in, reads=("cycles", "stays"),
    ),
    Measure(
        name="backlog_out", title="Left the pile", unit="count", source="case.resolved, case.closed, case.merged",
        edge_cases=("Once a cycle.", "What is unmerged comes back."),
        formula=counts.backlog_out, reads=("cycles", "stays"),
    ),
    Measure(
        name="calls_answered", title="Calls answered", unit="count", source="case.contact-updated (answered)",
        edge_cases=("A call that is transferred and answered again counts once.",),
        formula=counts.calls_answered, reads=("calls", "stays"),
    ),
    Measure(
        name="calls_abandoned", title="Calls abandoned", unit="count",
        source="case.contact-updated (abandoned, no_answer)",
        edge_cases=("Hanging up after an answer is not abandoning.",),
        formula=counts.calls_abandoned, reads=("calls", "stays"),
    ),
    Measure(
        name="facts_confirmed", title="Declarations checked", unit="count", source="case.facts-confirmed",
        edge_cases=("Once a case.",), formula=counts.facts_confirmed, reads=("confirmed_at", "stays"),
    ),
    Measure(
        name="facts_declared_wrong", title="Declared wrong", unit="count", source="case.facts-confirmed (corrected)",
        edge_cases=("Once a case, however often it is corrected.",),
        formula=counts.facts_declared_wrong, reads=("confirmed_at", "corrected_at", "stays"),
    ),
    Measure(
        name="facts_declared_right", title="Declared right", unit="count", source="case.facts-confirmed",
        edge_cases=("A later correction takes it back.",),
        formula=counts.facts_declared_right, reads=("confirmed_at", "corrected_at", "stays"),
    ),
    Measure(
        name="campaign_responses", title="Responses to campaigns", unit="count",
        source="case.opened (tags), case.facts-assigned (campaign)",
        edge_cases=("A case belongs to one campaign, the one named last.",),
        formula=counts.campaign_responses, reads=("opened_at", "stays"),
    ),
    Measure(
        name="milestones_warned", title="Milestones warned", unit="count", source="milestone.warned",
        edge_cases=("Counts even if the milestone is met after.",),
        formula=counts.milestones_warned, reads=("promises", "stays"),
    ),
    Measure(
        name="milestones_met", title="Milestones met", unit="count", source="milestone.met",
        edge_cases=("A met that corrects a violated takes that away.", "Cancelled ones are neither."),
        formula=counts.milestones_met, reads=("promises", "stays"),
    ),
    Measure(
        name="milestones_violated", title="Milestones violated", unit="count", source="milestone.violated",
        edge_cases=("At the deadline, however late it was noticed.",),
        formula=counts.milestones_violated, reads=("promises", "stays"),
    ),
    *OF_CLIMBS,
)  # fmt: skip

NOTICES = ("requested", "delivered", "failed", "given_up", "suppressed", "acknowledged")
"""What a notification's facts say happened."""

_OF_NOTIFICATIONS = tuple(
    Measure(
        name=f"notifications_{notice}",
        title=f"Notifications {notice.replace('_', ' ')}",
        unit="count",
        source=f"notification.{notice.replace('_', '-')}",
        text=f"One for each fact that says a notification was {notice.replace('_', ' ')}.",
        edge_cases=("Channel is the notification's own; queue is empty, since many are about no case.",),
    )
    for notice in NOTICES
)

_OF_AGENTS = (
    Measure(
        name="signed_in", title="Time signed in", unit="seconds", source="agent.presence-changed",
        text="How long agents were there: online, busy or not answering; cut at half hours.",
        edge_cases=("A presence counts once it has ended.", "Beyond 24 hours a presence was forgotten, and stops counting."),
    ),
    Measure(
        name="away", title="Time away", unit="seconds", source="agent.presence-changed",
        text="How long agents were away, without signing off; cut at half hours.",
        edge_cases=("As for `signed_in`.",),
    ),
)  # fmt: skip

_OF_QUALITY = (
    Measure(
        name="satisfaction_after_case", title="Satisfaction after a case", unit="score",
        source="quality.answer-recorded with a case_id",
        text="Scores of one to five that customers gave after a case.",
        edge_cases=(
            "Asked and not answered counts nothing.",
            "An answer recorded again replaces the earlier.",
            "Under the channel and the queue that the survey names.",
        ),
    ),
)  # fmt: skip

MEASURES: Mapping[str, Measure] = {
    measure.name: measure for measure in (*OF_CASES, *_OF_NOTIFICATIONS, *_OF_AGENTS, *_OF_QUALITY)
}
"""Every figure in the cells, by name."""

EDITION = max(measure.since for measure in MEASURES.values())
"""Of this table; cases counted under an earlier one had fewer measures."""

DERIVED: Mapping[str, Derived] = {
    derived.name: derived
    for derived in (
        Derived(
            name="promises_kept", title="Promises kept", unit="ratio", needs=("milestones_met", "milestones_violated"),
            text="`milestones_met` ÷ (`milestones_met` + `milestones_violated`)",
            figures=deriving.share("milestones_met", "milestones_violated"),
        ),
        Derived(
            name="answer_rate", title="Calls answered", unit="ratio", needs=("calls_answered", "calls_abandoned"),
            text="`calls_answered` ÷ (`calls_answered` + `calls_abandoned`)",
            figures=deriving.share("calls_answered", "calls_abandoned"),
        ),
        Derived(
            name="abandonment", title="Calls abandoned", unit="ratio", needs=("calls_abandoned", "calls_answered"),
            text="`calls_abandoned` ÷ (`calls_abandoned` + `calls_answered`)",
            figures=deriving.share("calls_abandoned", "calls_answered"),
        ),
        Derived(
            name="service_level", title="Service level", unit="ratio", needs=("pick_up",),
            text="picked up within the queue's seconds ÷ `pick_up`",
            figures=deriving.share("pick_up"), apart="queue",
            edge_cases=("Exact.", "What still waits, or was abandoned, is not in it: see `abandonment`."),
        ),
        Derived(
            name="occupancy", title="Occupancy", unit="ratio", needs=("worked", "signed_in"),
            text="seconds of `worked` ÷ seconds of `signed_in`", figures=deriving.occupancy,
            edge_cases=("Above 1 where agents hold several pieces at once and no stretches are told.",),
        ),
        Derived(
            name="productivity", title="Handled per hour", unit="per_hour", needs=("handling", "signed_in"),
            text="`handling` ÷ hours of `signed_in`", figures=deriving.productivity, value="per_hour",
            edge_cases=("Ask it by team or agent: time signed in has no queue, and no category.",),
        ),
        Derived(
            name="effort", title="Work per resolution", unit="seconds", needs=("worked", "resolution"),
            text="seconds of `worked` ÷ `resolution`", figures=deriving.effort, value="seconds",
            edge_cases=("What is worked in one span and resolved in the next counts in both, each in its own.",),
        ),
        Derived(
            name="first_contact_resolution", title="First-contact resolution", unit="ratio",
            needs=("resolved_at_first_contact", "first_resolved"),
            text="`resolved_at_first_contact` ÷ `first_resolved`",
            figures=deriving.share_of("resolved_at_first_contact", "first_resolved"),
        ),
        Derived(
            name="reopening_rate", title="Reopening rate", unit="ratio", needs=("reopened", "resolution"),
            text="`reopened` ÷ `resolution`", figures=deriving.share_of("reopened", "resolution"),
            edge_cases=("Above 1 where more was reopened than resolved in the span.",),
        ),
        Derived(
            name="wrong_version", title="Wrong version or type declared", unit="ratio",
            needs=("facts_declared_wrong", "facts_confirmed"), text="`facts_declared_wrong` ÷ `facts_confirmed`",
            figures=deriving.share_of("facts_declared_wrong", "facts_confirmed"),
        ),
        Derived(
            name="wrong_version_cost", title="Cost of wrong declarations", unit="seconds",
            needs=("handling_declared_wrong", "handling_declared_right"), value="cost_seconds",
            text="(mean of `handling_declared_wrong` less mean of `handling_declared_right`), times how many were wrong",
            figures=deriving.wrong_facts_cost, edge_cases=("None unless both means are known.",),
        ),
        Derived(
            name="backlog", title="Backlog", unit="count", needs=("backlog_in", "backlog_out"), value="count",
            text="all `backlog_in` less all `backlog_out` until the end of each slot", figures=deriving.backlog,
            is_running=True, edge_cases=("Counted since the first fact that was ever read, not since `from`.",),
        ),
        Derived(
            name="backlog_age", title="Age of the backlog", unit="seconds", needs=("backlog_in", "backlog_out"),
            value="mean_seconds", figures=deriving.backlog, aged=deriving.backlog_age, is_running=True,
            text="mean of: the end of each slot less when the case was opened, or reopened, over all that stands then",
            edge_cases=("Of the slot that runs: until now.", "To the second."),
        ),
        Derived(
            name="escalation_rate", title="Escalations for each case", unit="ratio", needs=("ladders_started", "cases_opened"),
            text="`ladders_started` ÷ `cases_opened`", figures=deriving.share_of("ladders_started", "cases_opened"),
            edge_cases=("Above 1 where cases climb more than one ladder.",),
        ),
        Derived(
            name="campaign_response", title="Response to campaigns", unit="ratio", needs=("campaign_responses",),
            text="`campaign_responses` ÷ the campaign's recipients, as measures.yaml tells them",
            figures=deriving.share("campaign_responses"), apart="campaign",
            edge_cases=(
                "A campaign of which nobody told how many it was sent to has no ratio, and is named under `unknown`.",
                "Responses in the span, of all recipients: ask from the day it was sent.",
            ),
        ),
        Derived(
            name="delivery", title="Notifications delivered", unit="ratio",
            needs=("notifications_delivered", "notifications_given_up"),
            text="`notifications_delivered` ÷ (`notifications_delivered` + `notifications_given_up`)",
            figures=deriving.share("notifications_delivered", "notifications_given_up"),
            edge_cases=("Of a broadcast: by its template.",),
        ),
    )
}  # fmt: skip
"""Figures made of others, by name."""
