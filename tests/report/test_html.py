"""The page: self-contained, valid, and deaf to whatever names say."""

from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from report_samples import HOSTILE, LONG, made_up_content, pictured_content

from relugeom.errors import InputError
from relugeom.printing import printable
from relugeom.report.html import render_report, write_report

VOID = {"meta", "input"}


@pytest.fixture(scope="module")
def pictured():
    return pictured_content()


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
    text = render_report(made_up_content())
    page = Page(text)
    assert not {"link", "img", "iframe", "object", "base"} & set(page.elements)
    assert not page.values("src")
    assert all(reference.startswith("#") for reference in page.values("href") + page.values("xlink:href"))
    assert "url(http" not in text


def test_only_the_one_script_may_run():
    text = render_report(made_up_content(HOSTILE, title="<script>alert(1)</script>"))
    assert Page(text).elements.count("script") == 1
    script = text.split("<script>")[1].split("</script>")[0]
    assert script == render_report(made_up_content()).split("<script>")[1].split("</script>")[0], "no name is in it"
    digest = b64encode(sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    assert policy in Page(text).values("content")


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
    assert {printable(name) for name in HOSTILE} <= set(page.texts)
    assert not any(key.startswith("on") for key, _ in page.attributes)


def test_hostile_names_are_words_in_pictures_too():
    plain = Page(render_report(pictured_content([f"x{at}" for at in range(len(HOSTILE))])))
    page = Page(render_report(pictured_content(HOSTILE, output=HOSTILE[2])))
    assert page.elements == plain.elements
    assert not any(key.startswith("on") for key, _ in page.attributes)
    assert any(HOSTILE[2] in text and "Region 1" in text for text in page.texts), "the map says what the output is"


def test_a_name_of_ten_thousand_characters_stands_in_full_once():
    text = render_report(pictured_content([LONG, "b", "c"]))
    assert Page(text).texts.count(LONG) == 1
    assert text.count("a" * 1000) < 20
    assert len(text) < 700_000


def test_identifiers_are_unique():
    identifiers = Page(render_report(made_up_content(outputs=("first", "second", "third")))).values("id")
    assert len(identifiers) == len(set(identifiers)) > 0


def test_equal_contents_give_equal_pages():
    assert render_report(made_up_content()) == render_report(made_up_content())


def test_long_tables_are_cut_and_say_so():
    content = made_up_content(["x"], [f"y{at}" for at in range(11)], clusters=103, patterns=504)
    texts = Page(render_report(content)).texts
    assert "… and 3 more clusters; the store has them all." in texts
    assert "… and 97 more clusters; the store has them all." in texts
    assert "… and 1 more output; the store has them all." in texts
    assert "… and 4 more patterns; the store has them all." in texts


@pytest.mark.parametrize("clusters", [0, 1])
def test_few_clusters(clusters):
    page = Page(render_report(made_up_content(clusters=clusters, patterns=0)))
    assert ("No samples were clustered." in page.texts) == (clusters == 0)
    assert page.elements.count("figure") == clusters


def test_the_chapters_and_their_links(pictured):
    page = Page(render_report(pictured))
    anchors = [reference[1:] for reference in page.values("href")]
    assert set(anchors) <= set(page.values("id"))
    for chapter in (
        "summary",
        "network",
        "clusters",
        "maps",
        "graph",
        "subnetworks",
        "section-1",
        "limits",
        "checking",
    ):
        assert chapter in anchors
    two_sides = ("between bounds", "a gap of 0.5", "time ran out; a rise of more than 0.25 is ruled out")
    for text in ("proofs/0001.cert", f"SHA-256 {'a' * 64}", *two_sides, "partition.cert", "0.1250"):
        assert text in page.texts, text


def test_every_region_of_the_map_tells_its_pattern_and_its_function(pictured):
    titles = [text for text in Page(render_report(pictured)).texts if text.startswith("Region ") and "\n" in text]
    cut = pictured.maps[0].cut
    for row, pattern in enumerate(pictured.maps[0].patterns):
        told = next(text for text in titles if f"pattern {pattern}," in text and "Survived = " in text)
        assert f"{abs(cut.maps[row, 0, 0]):.4g} · {pictured.maps[0].names[0]}" in told


def test_numbers_are_sorted_by_what_they_are(pictured):
    page = Page(render_report(pictured))
    assert repr(float(pictured.clusters["prediction"].iloc[0])) in page.values("data-v")


def test_a_thousand_regions_stay_below_two_megabytes():
    content = pictured_content(("a", "b", "c"), units=24)
    assert len(content.patterns) > 1000
    assert len(render_report(content).encode()) < 2_000_000


def test_what_was_withheld_is_said(pictured):
    assert "no rows of the data" not in render_report(pictured)
    assert "no rows of the data" in render_report(replace(pictured, withheld=True))


def test_a_content_of_empty_tables():
    content = made_up_content(clusters=0, patterns=0)
    empty = replace(content, domain=content.domain[:0], census=content.census[:0], constraints=(), notes=(), summary=())
    assert "Domain" not in Page(render_report(empty)).texts


def test_the_page_is_written_whole(tmp_path):
    content = made_up_content(HOSTILE)
    write_report(content, tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == render_report(content)
    with pytest.raises(InputError, match="nowhere"):
        write_report(content, tmp_path / "nowhere" / "report.html")
