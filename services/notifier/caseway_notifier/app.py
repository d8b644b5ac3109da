"""Which message goes to which handler: read this file first."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools

from starlette.routing import Route

from caseway.contracts.cases import ContactBounced, ContactRefused, ContactUpdated
from caseway.contracts.customers import CustomerRecorded, OrderChanged
from caseway.contracts.measures import ReportPublished
from caseway.contracts.voices import PersonalDataErased
from caseway.runtime.application import ServiceApp
from caseway.runtime.application import application as assembled
from caseway.runtime.running import Running
from caseway.runtime.service import Service
from caseway.runtime.stage import Handle, Stage
from caseway_notifier import handlers
from caseway_notifier.adapters import http, mail, smtp
from caseway_notifier.adapters.composing import Composer
from caseway_notifier.adapters.documents import COLLECTIONS
from caseway_notifier.adapters.post import Post
from caseway_notifier.adapters.sending import Sender
from caseway_notifier.adapters.transports import Transports, endpoints
from caseway_notifier.domain.delivery import Delivery
from caseway_notifier.domain.fanout.learning import OCCASIONS
from caseway_notifier.domain.kept import FLOOD, LINKED, REMIND, SPREAD, WATCH
from caseway_notifier.settings import Configuration


def build() -> Service:
    """The whole service."""
    case_fact = Handle(needs=handlers.about_case, decide=handlers.on_case_fact)
    return Service(
        name="notifier",
        stages=(
            Stage(
                name="notifier",
                linger=dt.timedelta(
                    milliseconds=60
                ),  # a notice may take a twentieth of a second longer, and costs half
                topics=("cases", "work", "milestones", "customers", "measures"),
                handles={
                    **dict.fromkeys(OCCASIONS, case_fact),
                    ContactUpdated: case_fact,
                    ContactBounced: Handle(needs=handlers.about_case, decide=handlers.on_bounce),
                    PersonalDataErased: Handle(needs=handlers.about_case, decide=handlers.on_erasure),
                    ContactRefused: Handle(needs=handlers.of_lane, decide=handlers.on_contact_refused),
                    OrderChanged: Handle(needs=handlers.about_order, decide=handlers.on_order_changed),
                    ReportPublished: Handle(decide=handlers.on_report),
                    CustomerRecorded: Handle(decide=handlers.on_customer_recorded),
                },
                timers={
                    SPREAD: Handle(needs=handlers.about_broadcast, decide=handlers.on_spread),
                    LINKED: Handle(needs=handlers.about_linked, decide=handlers.on_linked),
                    FLOOD: Handle(needs=handlers.about_flood, decide=handlers.on_flood),
                    REMIND: Handle(needs=handlers.about_due_case, decide=handlers.on_remind),
                    WATCH: Handle(needs=handlers.about_due_case, decide=handlers.on_watch),
                },
                collections=COLLECTIONS,
            ),
        ),
        configuration=Configuration,
        http_port=8084,
        routes=_routes,
        loops=(send,),
    )


def _routes(running: Running) -> list[Route]:
    """Called before anything starts: a mail server that is no URL is refused here, not found out while sending."""
    smtp.server(running.settings.smtp_url.get_secret_value())
    running.configuration.keyed(running.settings.signing_key.get_secret_value().encode())
    return http.routes(running)


async def send(running: Running) -> None:
    """Send what is due, as long as the service runs."""
    configuration: Configuration = running.configuration
    plan = configuration.plan
    key = running.settings.signing_key.get_secret_value().encode()
    seconds = plan.pace.attempt.total_seconds()
    pool = smtp.Pool(
        smtp.server(running.settings.smtp_url.get_secret_value()), attempt_seconds=seconds, helo=plan.domain
    )
    # in a thread: the first room loads all that apprise knows, which takes seconds
    hooks, rooms = await asyncio.to_thread(endpoints, configuration.lists, attempt_seconds=seconds, clock=running.clock)
    transport = Transports(Post(plan, pool, key), hooks, rooms)
    composer = Composer(plan, configuration.words, key)
    await Sender(running, plan, transport, composer, functools.partial(_sign, key, plan.domain)).run()


def _sign(key: bytes, domain: str, delivery: Delivery) -> str:
    return mail.message_id(key, delivery, domain)


def application() -> ServiceApp:
    """For `faststream run --factory caseway_notifier.app:application`."""
    return assembled(build())
