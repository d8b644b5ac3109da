"""A customer's mailbox: what they read there, and write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from caseway.scenario.doors import Mail
from caseway.scenario.journal import Kind
from caseway.scenario.mails import Letter, undelivered, write
from caseway.scenario.scene import LONGEST_WAIT_SECONDS, Scene, Visit
from caseway.scenario.sight import CaseSeen


@dataclass(slots=True)
class Mailbox:
    """One customer's mails in one matter, however it began."""

    scene: Scene
    visit: Visit
    ids: list[str] = field(default_factory=list)
    """Message-IDs of the conversation, in order, without brackets."""

    async def write(
        self,
        text: str,
        *,
        kind: Kind,
        to: str,
        subject: str,
        automatic: str = "",
        quoted: str = "",
        attachment: str = "",
    ) -> tuple[str, Mail]:
        """Write and send; the Message-ID, and the mail to send again."""
        visit, chance, habits = self.visit, self.visit.chance, self.scene.plan.traffic.mail
        message_id = f"{self.scene.line.new_id('mail')}@mail.example.com"
        letter = Letter(
            sender=visit.person,
            to=to,
            subject=subject,
            text=text,
            message_id=message_id,
            at=self.scene.line.clock.now(),
            charset=chance.weighed(self.scene.plan.traffic.charsets[visit.person.language]),
            in_reply_to=self.ids[-1] if self.ids else "",
            references=self.ids[:-1],
            quoted=quoted,
            signature="" if automatic or not chance.happens(habits.with_signature) else self._signature(),
            has_html=not automatic and chance.happens(habits.with_html),
            attachment=attachment,
            automatic=automatic,
        )
        mail = Mail(raw=write(letter), mail_from="" if automatic else visit.person.email, rcpt_to=(to,))
        await self.scene.hand_over_mail(mail, kind=kind, source_key=message_id, door=visit.door)
        self.ids.append(message_id)
        return message_id, mail

    def _signature(self) -> str:
        return f"{self.visit.said.small.closing}\n{self.visit.person.name}\ntel. {self.visit.person.phone}"

    async def read_and_answer(self, seen: CaseSeen) -> None:
        """Go on until the desk says no more: answer its questions, and perhaps come back when it thinks it is done."""
        answered = returned = 0
        patience = self.scene.patience(LONGEST_WAIT_SECONDS)
        while await seen.until(_news_after(answered, returned), patience):
            if len(seen.spoken) > answered:
                answered = len(seen.spoken)
                await self._answer(seen, seen.spoken[-1].purpose, seen.spoken[-1].text)
                continue
            returned = seen.resolved_count
            habits = self.scene.plan.traffic.customers
            if not self.visit.chance.happens(habits.writes_again_when_resolved):
                return
            await self.scene.rest(self.visit.chance.about(habits.answer_seconds))
            await self._reply(seen, self.visit.chance.one_of(self.visit.said.small.again), "")

    async def _answer(self, seen: CaseSeen, purpose: str, text: str) -> None:
        chance, habits = self.visit.chance, self.scene.plan.traffic.customers
        if chance.happens(self.scene.plan.traffic.mail.bounces):
            await self._bounce(seen)
            return
        if purpose != "ask" or not chance.happens(habits.answers_a_question):
            return
        await self.scene.rest(chance.about(habits.answer_seconds))
        await self._reply(seen, self.visit.said.details, text)

    async def _reply(self, seen: CaseSeen, text: str, quoted: str) -> None:
        """Answer the desk's newest mail, as a mail program does."""
        self._thread(seen)
        quote = f"{self.visit.said.small.quoting.format(who='Example Shop')}\n{quoted}" if quoted else ""
        await self.write(
            text,
            kind="follows",
            to=self.visit.said.matter.mailbox,
            subject=f"Re: {self.visit.said.subject}",
            quoted=quote,
            attachment="zdjęcie.png" if ".png" in text or "foto" in text.lower() else "",
        )

    def _thread(self, seen: CaseSeen) -> None:
        """Put the desk's mails, which the customer has read, behind one's own."""
        for each in seen.mails:
            told = (each.message_id or "").strip("<>")
            if told and told not in self.ids:
                self.ids.append(told)

    async def out_of_office(self, seen: CaseSeen) -> None:
        """The machine that answers the desk's first automatic answer."""
        if not await seen.until(lambda case: bool(case.mails), self.scene.patience(LONGEST_WAIT_SECONDS)):
            return
        self._thread(seen)
        await self.write(
            self.visit.said.small.out_of_office,
            kind="automatic",
            to=self.visit.said.matter.mailbox,
            subject=f"Re: {self.visit.said.subject}",
            automatic="auto-replied",
        )

    async def _bounce(self, seen: CaseSeen) -> None:
        told = seen.mails[-1].message_id if seen.mails else None
        message_id = f"{self.scene.line.new_id('bounce')}@mx.example.com"
        raw = undelivered(
            message_id=message_id,
            about=(told or "unknown@example.com").strip("<>"),
            address=self.visit.person.email,
            at=self.scene.line.clock.now(),
        )
        to: Sequence[str] = (self.visit.said.matter.mailbox,)
        bounce = Mail(raw=raw, mail_from="", rcpt_to=to)
        await self.scene.hand_over_mail(bounce, kind="automatic", source_key=message_id, door=self.visit.door)


def _news_after(spoken: int, resolved: int) -> Callable[[CaseSeen], bool]:
    return lambda seen: len(seen.spoken) > spoken or seen.resolved_count > resolved
