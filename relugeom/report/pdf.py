"""A report on paper: a page printed to PDF by the Chromium or Chrome of this machine.

The browser runs without a window, with an empty profile of its own, and needs no network: the page loads nothing.
"""

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from relugeom.errors import InputError
from relugeom.files import write_whole

__all__ = ["find_browser", "write_pdf"]

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
FLAGS = ("--headless", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage", "--no-pdf-header-footer")
PATIENCE = 120.0
"""Seconds after which a browser that has not printed is given up."""


def find_browser() -> str | None:
    """The browser that can print, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def write_pdf(page: str, path: str | Path, *, browser: str | None) -> None:
    """Print a page to a PDF file, which is written whole or not at all.

    Parameters
    ----------
    page
        The page as HTML, which loads nothing from elsewhere.
    browser
        Program that prints, as `find_browser` gives it.

    Raises
    ------
    InputError
        There is no such program, it does not print, or the file cannot be written.
    """
    if browser is None:
        raise InputError(
            "there is no Chromium or Chrome to print the report with: install one, or open the page in any browser "
            "and print it"
        )
    with TemporaryDirectory(prefix="relugeom-") as folder:
        source, printed = Path(folder, "report.html"), Path(folder, "report.pdf")
        source.write_text(page, encoding="utf-8")
        sandbox = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()  # it refuses to run as root
        command = [browser, *FLAGS, *sandbox, f"--user-data-dir={folder}/profile", f"--print-to-pdf={printed}"]
        try:
            ended = subprocess.run(
                [*command, source.as_uri()], capture_output=True, timeout=PATIENCE, check=False, cwd=folder
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InputError(f"{browser} did not print the report: {error}") from None
        if not printed.exists():
            raise InputError(f"{browser} did not print the report: it ended with code {ended.returncode}")
        write_whole(path, printed.read_bytes())
