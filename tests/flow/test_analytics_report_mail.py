"""A report that is due, from analytics by the notifier into somebody's mailbox."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest
from pymongo import AsyncMongoClient

from caseway.kernel.vocabulary import Channel
from caseway.local.mailsink import MailSink
from caseway.testkit.desk_facts import CaseTeller
from caseway.testkit.namespaces import Namespace
from caseway.testkit.processes import ServiceProcess
from caseway.testkit.waiting import eventually
from tests.analytics_desk import RETAIL, AnalyticsDesk

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)


@pytest.mark.slow
async def test_a_report_that_is_due_arrives_with_its_workbook(namespace: Namespace, tmp_path):
    """S4-31: chosen reports mailed by themselves, as XLS; retail's own rules, and its coordinators."""
    desk = AnalyticsDesk(namespace, tmp_path)
    await desk.prepare()
    name = f"{namespace.prefix}caseway_analytics"
    case = CaseTeller("c-1", 1, Channel.PHONE)
    async with MailSink() as sink, AsyncMongoClient(namespace.mongo_url) as client:
        environment = {
            **namespace.environment(),
            "CASEWAY_CONFIG": str(RETAIL),
            "CASEWAY_SIGNING_KEY": "test",
            "CASEWAY_SMTP_URL": sink.url,
        }
        async with desk.service() as analytics, ServiceProcess("notifier", environment, tmp_path) as notifier:
            await analytics.until_ready(90)
            await notifier.until_ready(90)
            await desk.tell(case.opened(NOW), case.queued(NOW, "phone"))
            runs = client[name].report_runs
            await eventually(
                lambda: runs.count_documents({"_id": "report/day-by-team"}), "reports are known", seconds=60
            )
            # as if it had been published last eight days ago
            await runs.update_one({"_id": "report/day-by-team"}, {"$set": {"at": NOW - dt.timedelta(days=8)}})
            mails = await sink.until(2, seconds=90)
    assert {recipient for mail in mails for recipient in mail.rcpt_tos} <= {
        "coordinator-1@example.com",
        "coordinator-2@example.com",
    }
    files = {part.get_filename(): part for part in mails[0].message.iter_attachments()}
    workbook = next(part for file, part in files.items() if file.endswith(".xlsx"))
    assert openpyxl.load_workbook(io.BytesIO(workbook.get_content())).sheetnames[0] == "Teams"
    assert any(file.endswith(".html") for file in files)
