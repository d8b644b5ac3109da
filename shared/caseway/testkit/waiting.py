"""Waiting for a fact, with a deadline, instead of sleeping."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast, overload

Value = TypeVar("Value")


@overload
async def eventually(
    look: Callable[[], Awaitable[Value]], what: str = "", *, seconds: float = 30.0, every: float = 0.05
) -> Value: ...
@overload
async def eventually(
    look: Callable[[], Value], what: str = "", *, seconds: float = 30.0, every: float = 0.05
) -> Value: ...
async def eventually(
    look: Callable[[], Value | Awaitable[Value]], what: str = "", *, seconds: float = 30.0, every: float = 0.05
) -> Value:
    """Look again and again until the result is true, and return it.

    Args:
        look: gives something that is true when what is waited for is there; may be a coroutine function.
        what: what is waited for, for the message.
        seconds: the deadline; generous, since it costs time only when the test fails.
        every: the pause between two looks, in seconds.

    Raises:
        AssertionError: the deadline passed; names the last result.
    """
    deadline = time.monotonic() + seconds
    while True:
        result = look()
        value = cast("Value", await result if inspect.isawaitable(result) else result)
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what or look} did not come about in {seconds:.0f} s; last seen: {value!r}")
        await asyncio.sleep(every)
