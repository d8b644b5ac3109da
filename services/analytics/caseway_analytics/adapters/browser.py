"""A page as PDF or picture, by a headless Chromium."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from pathlib import Path

SECONDS = 30.0
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_ONE_AT_A_TIME = asyncio.Semaphore(1)
"""A browser takes hundreds of megabytes."""


class NoBrowser(Exception):
    """There is none on this machine, or it did not do it in time."""


async def printed(page: str, form: str) -> bytes:
    """The page as `pdf` or `png`.

    Raises:
        NoBrowser: with a sentence for whoever asked.
    """
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise NoBrowser("no Chromium is installed beside analytics; ask for html, xlsx or csv")
    with tempfile.TemporaryDirectory(prefix="caseway-print-") as folder:
        source, target = Path(folder) / "page.html", Path(folder) / f"page.{form}"
        await asyncio.to_thread(source.write_text, page, encoding="utf-8")
        wanted = f"--print-to-pdf={target}" if form == "pdf" else f"--screenshot={target}"
        options = (
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-pdf-header-footer",
            "--window-size=1240,1754", f"--user-data-dir={folder}/profile", wanted, source.as_uri(),
        )  # fmt: skip
        async with _ONE_AT_A_TIME:
            await _run(found, *options)
        if not target.exists():
            raise NoBrowser("Chromium did not print the page")
        return await asyncio.to_thread(target.read_bytes)


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(SECONDS):
            await process.wait()
    except TimeoutError:
        raise NoBrowser(f"Chromium did not print the page within {SECONDS:.0f} s") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
