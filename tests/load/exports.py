"""What an export of many rows costs: `python -m tests.load.exports [rows]`, a million unless told otherwise.

A running service, as many cases in its MongoDB, and somebody who downloads all of them as CSV and as a workbook: how long,
how much processor, by how much the service's memory grows, and for how long it answers nobody else meanwhile.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from caseway.local import Stack
from caseway.testkit.namespaces import Namespace
from tests.analytics_desk import AnalyticsDesk
from tests.analytics_export import exported, fill


async def _run(count: int) -> None:
    with Stack() as stack, tempfile.TemporaryDirectory() as folder:
        namespace = Namespace.new(stack.kafka_url, stack.mongo_url)
        try:
            desk = AnalyticsDesk(namespace, Path(folder))
            await desk.prepare()
            async with desk.service() as service:
                await service.until_ready(90)
                await fill(namespace, count)
                for form in ("csv", "json", "xlsx"):
                    export = await exported(service, form)
                    sys.stdout.write(
                        f"{form:<5} {count} rows: {export.seconds:.0f} s, {export.processor_seconds:.0f} s of processor, "
                        f"{export.size / 2**20:.0f} MiB; memory grew by {export.grown_bytes / 2**20:.0f} MiB, others "
                        f"waited {1000 * export.longest_beat:.0f} ms at most\n"
                    )
                    sys.stdout.flush()
        finally:
            await namespace.clean()


if __name__ == "__main__":
    asyncio.run(_run(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
