"""The command `caseway templates`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from caseway.runtime.configuration import BadConfiguration, load
from caseway.runtime.settings import Settings
from caseway_notifier.adapters.compiling import SENDERS_LAYOUT
from caseway_notifier.adapters.preview import previewed, remarks, speechless
from caseway_notifier.domain.content import UnrenderableError
from caseway_notifier.domain.terms import Terms
from caseway_notifier.settings import Configuration


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `templates`."""
    parser = subparsers.add_parser("templates", help="what is written to people: look, and check")
    parser.add_argument("--config", type=Path, default=None, help="the directory (default: CASEWAY_CONFIG)")
    actions = parser.add_subparsers(required=True)
    lint = actions.add_parser("lint", help="every fault, and what is worth a look")
    lint.set_defaults(run=_lint)
    preview = actions.add_parser("preview", help="a template with sample data")
    preview.add_argument("name")
    preview.add_argument("--language", default="", help="default: every language that there is")
    preview.add_argument("--layout", default="", help="a brand's; default: the house's")
    preview.add_argument("--html", action="store_true", help="the HTML part, where there is one")
    preview.set_defaults(run=_preview)


def _lint(options: argparse.Namespace) -> int:
    configuration = _loaded(options)
    if configuration is None:
        return 1
    used = {each.template for each in configuration.subscriptions.subscriptions}
    words = configuration.words
    faults = 0
    for name in words.all_names():
        for language in sorted(words.languages(name)):
            try:
                for layout in sorted(words.layouts()) if SENDERS_LAYOUT in words.names(name) else [""]:
                    previewed(words, name, language, layout)
            except UnrenderableError as wrong:
                _say(f"{name}.{language}: {wrong}")
                faults += 1
    terms = Terms(tables=configuration.terms, default_language=configuration.senders.default_language)
    silent = speechless(words, terms, configuration.subscriptions.subscriptions)
    faults += len(silent)
    for line in silent:
        _say(line)
    for line in remarks(words, {*used, configuration.senders.bundle_template} - {""} | words.titled()):
        _say(line)
    _say(f"{len(words.all_names())} templates, {faults} fault(s)")
    return 1 if faults else 0


def _preview(options: argparse.Namespace) -> int:
    configuration = _loaded(options)
    if configuration is None:
        return 1
    words = configuration.words
    languages = [options.language] if options.language else sorted(words.languages(options.name))
    if not languages:
        _say(f"no template {options.name!r}; there are {', '.join(words.all_names())}")
        return 1
    for language in languages:
        try:
            content = previewed(words, options.name, language, options.layout or configuration.senders.layout)
        except UnrenderableError as wrong:
            _say(f"{options.name}.{language}: {wrong}")
            return 1
        body = content.html if options.html else content.text
        _say(f"--- {options.name}.{language}\nSubject: {content.subject}\n\n{body}")
    return 0


def _loaded(options: argparse.Namespace) -> Configuration | None:
    try:
        return load(options.config or Settings().config, Configuration).value
    except BadConfiguration as bad:
        _say(str(bad))
        return None


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
