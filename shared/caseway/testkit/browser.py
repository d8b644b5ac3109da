"""A real browser, headless, driven through its pipe."""

import asyncio
import base64
import itertools
import json
import os
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",  # in a container Chromium may have no namespaces of its own
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


class BrowserError(RuntimeError):
    """The page raised, or the browser refused a command."""


class Page:
    """One tab. `problems` collects what the page complained of: errors, refused requests, broken policies."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.problems: list[str] = []
        self.requests: list[str] = []
        """Every URL the page asked for."""
        self._reader = reader
        self._writer = writer
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._session = ""
        self._listening = asyncio.create_task(self._listen())

    async def open(self) -> None:
        """Make the tab."""
        target = await self._send("Target.createTarget", url="about:blank")
        attached = await self._send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self._send(f"{domain}.enable")

    async def go(self, url: str) -> None:
        """Load a page; an endless stream in it is no reason to wait."""
        await self._send("Page.navigate", url=url)

    async def size(self, width: int, height: int, *, scheme: str = "light", is_phone: bool = False) -> None:
        """The window's size in CSS pixels, and whether its owner likes it dark."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 2 if is_phone else 1, "mobile": is_phone}
        await self._send("Emulation.setDeviceMetricsOverride", **metrics)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        await self._send("Emulation.setEmulatedMedia", features=features)

    async def value(self, expression: str) -> Any:
        """What a JavaScript expression gives.

        Raises:
            BrowserError: it throws.
        """
        found = await self._send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise BrowserError(json.dumps(found["exceptionDetails"])[:500])
        return found["result"].get("value")

    async def text(self, selector: str) -> str:
        """The text of the first element that fits, as it is shown; empty when there is none."""
        return str(await self.value(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    async def press(self, key: str) -> None:
        """Press and let go of a key, such as `Tab`, `Enter` or ` `."""
        codes = {"Tab": 9, "Enter": 13, " ": 32}
        event = {"key": key, "windowsVirtualKeyCode": codes.get(key, 0)}
        if key == "Enter":
            event["text"] = "\r"
        await self._send("Input.dispatchKeyEvent", type="keyDown", **event)
        await self._send("Input.dispatchKeyEvent", type="keyUp", key=key)

    async def accessible(self) -> list[dict[str, Any]]:
        """What a screen reader is told: role and name of each node that it is not to skip."""
        await self._send("Accessibility.enable")
        tree = await self._send("Accessibility.getFullAXTree")
        return [
            {"role": node.get("role", {}).get("value", ""), "name": node.get("name", {}).get("value", "")}
            for node in tree["nodes"]
            if not node.get("ignored")
        ]

    async def picture(self, path: Path, *, whole: bool = False) -> Path:
        """A screenshot as PNG, of the window or of the whole page."""
        shot = await self._send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        await asyncio.to_thread(path.write_bytes, base64.b64decode(shot["data"]))
        return path

    async def close(self) -> None:
        """Let go of the pipe."""
        self._listening.cancel()
        self._writer.close()

    async def _send(self, method: str, **parameters: Any) -> dict[str, Any]:
        id_ = next(self._ids)
        command: dict[str, Any] = {"id": id_, "method": method, "params": parameters}
        if self._session:
            command["sessionId"] = self._session
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[id_] = answer
        self._writer.write(json.dumps(command).encode() + b"\0")
        async with asyncio.timeout(60):
            return await answer

    async def _listen(self) -> None:
        while True:
            message = json.loads((await self._reader.readuntil(b"\0"))[:-1])
            if "id" in message:
                answer = self._waiting.pop(message["id"])
                if "error" in message:
                    answer.set_exception(BrowserError(str(message["error"])))
                else:
                    answer.set_result(message["result"])
            else:
                self._note(message["method"], message.get("params", {}))

    def _note(self, method: str, parameters: Mapping[str, Any]) -> None:
        match method:
            case "Network.requestWillBeSent":
                self.requests.append(parameters["request"]["url"])
            case "Runtime.exceptionThrown":
                self.problems.append(json.dumps(parameters["exceptionDetails"])[:500])
            case "Log.entryAdded" if parameters["entry"]["level"] == "error":
                self.problems.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}")


@asynccontextmanager
async def browser(program: Path) -> AsyncIterator[Page]:
    """Start Chromium with a profile of its own, and end it afterwards."""
    to_browser, ours_out = os.pipe()
    ours_in, from_browser = os.pipe()
    with tempfile.TemporaryDirectory(prefix="caseway-browser-", ignore_cleanup_errors=True) as profile:
        # the pipe is fixed to descriptors 3 and 4, which only a shell's redirection sets without risk to others;
        # by path, since a plain shell duplicates descriptors of one digit only
        command = f'exec "$0" "$@" 3</dev/fd/{to_browser} 4>/dev/fd/{from_browser}'
        process = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", command, str(program), *_ARGUMENTS, f"--user-data-dir={profile}",
            pass_fds=(to_browser, from_browser),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_browser)
        os.close(from_browser)
        page = await _page_over(ours_in, ours_out)
        try:
            await page.open()
            yield page
        finally:
            await page.close()
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _page_over(incoming: int, outgoing: int) -> Page:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=64 * 1024 * 1024)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(incoming, "rb"))
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(outgoing, "wb"))
    return Page(reader, asyncio.StreamWriter(transport, protocol, None, loop))
