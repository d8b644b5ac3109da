"""The customers' side: one story a channel.

Each story is one customer with one matter, from the first word to the last.
"""

from collections.abc import Awaitable, Callable, Mapping

from caseway.scenario.gateways.chat import chat
from caseway.scenario.gateways.desk import note
from caseway.scenario.gateways.forms import form
from caseway.scenario.gateways.mail import mail
from caseway.scenario.gateways.messages import message
from caseway.scenario.gateways.phone import call
from caseway.scenario.plan import Channel
from caseway.scenario.scene import Scene, Visit

STORIES: Mapping[Channel, Callable[[Scene, Visit], Awaitable[None]]] = {
    "email": mail,
    "chat": chat,
    "phone": call,
    "web": form,
    "message": message,
    "desk": note,
}

__all__ = ["STORIES"]
