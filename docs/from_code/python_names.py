"""The public names of the package and where each is defined, for the page that shows their docstrings."""

import relugeom

__all__ = ["SECTIONS", "home_of", "names_page"]

SECTIONS = {
    "Networks": ("importers", "network"),
    "Domains and data": ("geometry", "data"),
    "Clusters and activation regions": ("partition", "search"),
    "Measures of regions": ("measures",),
    "Analyses of clusters and regions": ("analysis",),
    "Questions that need a proof": ("questions",),
    "Claims": ("claims",),
    "Certificates": ("certificate",),
    "Graphs": ("graph",),
    "The store": ("store",),
    "Audits and budgets": ("audit", "budget"),
    "Errors and warnings": ("errors", "remarks"),
}
"""Rooms whose names stand in each section; those of other rooms are in `OTHERS`."""
OTHERS = "Further names"


def home_of(name: str) -> str:
    """The dotted name of a public value in the module that defines it."""
    value = getattr(relugeom, name)
    return f"{value.__module__}.{value.__qualname__}"


def sections() -> dict[str, list[str]]:
    """Public names of each section, in the order of the package's table: a name is in the section of its room."""
    title_of = {room: title for title, rooms in SECTIONS.items() for room in rooms}
    found: dict[str, list[str]] = {title: [] for title in (*SECTIONS, OTHERS)}
    for name in relugeom.__all__:
        if name != "__version__":
            found[title_of.get(home_of(name).split(".")[1], OTHERS)].append(name)
    return {title: names for title, names in found.items() if names}


def names_page() -> str:
    """A table of contents, then the docstring of every public name, section by section."""
    parts = []
    for title, names in sections().items():
        parts.append(f"## {title}\n")
        parts += [f"::: {home_of(name)}\n    options:\n      heading_level: 3\n" for name in names]
    return "\n".join(parts)
