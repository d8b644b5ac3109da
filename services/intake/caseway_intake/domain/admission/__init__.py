"""How whatever comes in becomes a command to its case.

The story on top of the edge: each channel has a function from a contact, and what is known, to a decision. What a
contact says stands in a draft; `complete` adds customer, language and triage, the same for all channels.
"""

from caseway_intake.domain.admission.after import remembered
from caseway_intake.domain.admission.draft import Knowledge, Rules, Tools
from caseway_intake.domain.admission.mails import admit_mail
from caseway_intake.domain.admission.parties import follows
from caseway_intake.domain.admission.registry import merge_customer, record_customer, refresh_points
from caseway_intake.domain.admission.shop import record_entitlement, record_order
from caseway_intake.domain.admission.talks import admit_call, admit_chat
from caseway_intake.domain.admission.written import admit_desk, admit_form, admit_message

__all__ = [
    "Knowledge",
    "Rules",
    "Tools",
    "admit_call",
    "admit_chat",
    "admit_desk",
    "admit_form",
    "admit_mail",
    "admit_message",
    "follows",
    "merge_customer",
    "record_customer",
    "record_entitlement",
    "record_order",
    "refresh_points",
    "remembered",
]
