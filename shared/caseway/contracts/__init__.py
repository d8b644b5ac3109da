"""The wire: what the services and the outside tell each other.

A module a topic; `cases` and `case.commands` are so rich that `voices` and `voice_commands` hold the part about
voices, approval, incidents and personal data.
"""
