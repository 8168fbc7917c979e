"""The page on paper: printed by a real browser, and one clear line where there is none or it does not print."""

import pytest
from report_samples import pictured_content

from relugeom.errors import InputError
from relugeom.report.html import render_report
from relugeom.report.pdf import find_browser, write_pdf

LONG = [f"a feature with a rather long name, number {at}" for at in range(12)]


@pytest.mark.skipif(find_browser() is None, reason="no browser on this machine: apt-get install chromium")
def test_a_page_with_long_names_prints_on_a_dozen_pages(tmp_path):
    path = tmp_path / "report.pdf"
    write_pdf(render_report(pictured_content(features=LONG)), path, browser=find_browser())
    printed = path.read_bytes()
    assert printed.startswith(b"%PDF")
    assert 3 <= printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") <= 12
    assert list(tmp_path.iterdir()) == [path]


def test_without_a_browser_the_cure_is_named(tmp_path):
    with pytest.raises(InputError, match="install one, or open the page in any browser"):
        write_pdf("", tmp_path / "report.pdf", browser=None)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("text", "words"), [("exit 3", "ended with code 3"), (None, "did not print the report")])
def test_a_browser_that_does_not_print_is_told(tmp_path, text, words):
    program = tmp_path / "browser"
    if text is not None:
        program.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        program.chmod(0o755)
    with pytest.raises(InputError, match=words):
        write_pdf("", tmp_path / "report.pdf", browser=str(program))
    assert not (tmp_path / "report.pdf").exists()
