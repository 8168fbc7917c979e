"""The verbs of the command line, from the same definitions that ``--help`` prints."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import typer

from from_code.markdown import in_cell
from relugeom.cli import VERBS, app

__all__ = ["Verb", "command_line_page", "list_verbs"]

EXAMPLE = re.compile(r"\n*\x08?\n*(?P<title>Examples?):\n(?P<lines>(?:  .*\n?)+)")


class Verb(NamedTuple):
    """A verb as it is typed, and how typer describes it."""

    name: str
    command: Any
    context: Any

    @property
    def options(self) -> list[tuple[str, str]]:
        """Arguments and options with their help."""
        parameters = self.command.get_params(self.context)
        records = (parameter.get_help_record(self.context) for parameter in parameters)
        return [(record[0].removesuffix(" <str>"), record[1]) for record in records if record]

    @property
    def usage(self) -> str:
        """Usage line of the verb."""
        return " ".join(self.command.get_usage(self.context).removeprefix("Usage: ").split())


def list_verbs() -> list[Verb]:
    """All verbs, those about a model first; those about a store's schema are written like ``db current``."""
    modules = [module.__name__ for module in VERBS]
    found = _verbs_of(typer.main.get_command(app), None, "relugeom")
    return sorted(found, key=lambda verb: modules.index(verb.command.callback.__module__))


def _verbs_of(group: Any, parent: Any, name: str) -> Iterator[Verb]:
    context = type(group).context_class(group, info_name=name, parent=parent)
    for part in group.list_commands(context):
        command = group.get_command(context, part)
        if hasattr(command, "list_commands"):
            yield from _verbs_of(command, context, part)
        else:
            own = type(command).context_class(command, info_name=part, parent=context)
            yield Verb(own.command_path, command, own)


def command_line_page() -> str:
    """One section per verb: what it does, its usage, its arguments and options, an example."""
    return "\n".join(_section(verb) for verb in list_verbs())


def _section(verb: Verb) -> str:
    text = verb.command.help or ""
    example = EXAMPLE.search(text)
    parts = [f"## {verb.name}", EXAMPLE.sub("", text).strip(), f"```text\n{verb.usage}\n```"]
    rows = [f"| `{name}` | {in_cell(words)} |" for name, words in verb.options]
    parts.append("\n".join(["| argument or option | meaning |", "|---|---|", *rows]))
    if example:
        lines = [line.strip() for line in example["lines"].splitlines()]
        parts.append(f"{example['title']}:\n\n```sh\n" + "\n".join(lines) + "\n```")
    return "\n\n".join(parts) + "\n"
