"""Text in Markdown."""

__all__ = ["in_cell"]


def in_cell(text: str) -> str:
    """The text for a cell of a table: on one line, without a bar that would end the cell."""
    return " ".join(text.split()).replace("|", "\\|")
