"""The page: self-contained, valid, and deaf to whatever names say."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from report_samples import HOSTILE, made_up_content

from relugeom.errors import InputError
from relugeom.report.formatting import visible
from relugeom.report.html import render_report, write_report

VOID = {"meta"}


class Page(HTMLParser):
    """Elements and texts of a page; every element must be closed in order."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.texts, self.open, self.attributes = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data.strip())

    def values(self, name):
        return [value for key, value in self.attributes if key == name]


def test_the_page_needs_nothing_from_elsewhere():
    page = Page(render_report(made_up_content()))
    assert not {"link", "img", "iframe", "object", "base"} & set(page.elements)
    assert page.elements.count("script") == 1  # its own, which the policy names by its digest
    assert not page.values("src")
    assert all(reference.startswith("#") for reference in page.values("href") + page.values("xlink:href"))
    (policy,) = [text for text in page.values("content") if text.startswith("default-src 'none'")]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-")


def test_the_values_of_the_report_are_on_the_page():
    page = Page(render_report(made_up_content()))
    for text in (
        "An audit",
        "0001/11",
        "1,000",
        "33.3 %",
        "100 %",
        "–",
        "∞",
        "2^80",
        "not known",
        "unobserved",
        "unknown",
    ):
        assert text in page.texts, text
    assert "Age" in page.texts
    assert any("Bar chart. Coefficients" in label for label in page.values("aria-label"))


def test_hostile_names_are_words():
    title = HOSTILE[2]
    plain = Page(render_report(made_up_content([f"x{at}" for at in range(len(HOSTILE))])))
    page = Page(render_report(made_up_content(HOSTILE, outputs=(HOSTILE[3],), title=title)))
    assert page.elements == plain.elements
    assert {visible(name) for name in HOSTILE} <= set(page.texts)
    assert not any(key.startswith("on") for key, _ in page.attributes)


def test_identifiers_are_unique():
    identifiers = Page(render_report(made_up_content(outputs=("first", "second", "third")))).values("id")
    assert len(identifiers) == len(set(identifiers)) > 0


def test_equal_contents_give_equal_pages():
    assert render_report(made_up_content()) == render_report(made_up_content())


def test_long_tables_are_cut_and_say_so():
    content = made_up_content(["x"], [f"y{at}" for at in range(11)], clusters=103, patterns=504)
    texts = Page(render_report(content)).texts
    assert "… and 3 more clusters; the store has all." in texts
    assert "… and 97 more clusters; the store has all." in texts
    assert "… and 1 more output; the store has all." in texts
    assert "… and 4 more patterns; the store has all." in texts


@pytest.mark.parametrize("clusters", [0, 1])
def test_few_clusters(clusters):
    page = Page(render_report(made_up_content(clusters=clusters, patterns=0)))
    assert ("No samples were clustered." in page.texts) == (clusters == 0)
    assert page.elements.count("figure") == clusters


def test_a_content_of_empty_tables():
    content = made_up_content(clusters=0, patterns=0)
    empty = replace(content, domain=content.domain[:0], census=content.census[:0], constraints=(), notes=(), summary={})
    assert "Notes" not in Page(render_report(empty)).texts


def test_the_page_is_written_whole(tmp_path):
    content = made_up_content(HOSTILE)
    write_report(content, tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == render_report(content)
    with pytest.raises(InputError, match="nowhere"):
        write_report(content, tmp_path / "nowhere" / "report.html")
