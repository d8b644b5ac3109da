"""What a gateway must say to the customer."""

from __future__ import annotations

from caseway.contracts.parts import FileReference
from caseway.contracts.wire import WireModel

CHAT_TOPIC = "outbound.chat"
MESSAGE_TOPIC = "outbound.message"


class OutboundMessage(WireModel):
    """Say this in that conversation."""

    TYPE = "caseway.outbound.message.v1"
    TOPIC = MESSAGE_TOPIC
    KEY = "conversation"

    conversation: str
    platform: str | None = None
    """`chat` goes to the chat gateway, all others to the message gateway."""
    case_id: str
    text: str
    attachments: tuple[FileReference, ...] = ()
    in_reply_to: str | None = None
    to: str | None = None
    notification: str | None = None
    """The same on every attempt: a gateway shows it once."""
    language: str | None = None
    author: str | None = None
    """The name to show, if any."""

    def topic(self) -> str:
        """Chats and messages have gateways of their own."""
        return CHAT_TOPIC if self.platform == "chat" else self.TOPIC
