"""The page in a real browser: silent, without requests; it sorts, filters, answers to pointer and keys."""

from itertools import pairwise
from pathlib import Path

import pytest
from browser import Tab, opened_browser
from report_samples import HOSTILE, pictured_content

from relugeom.report.html import write_report
from relugeom.report.pdf import find_browser

BROWSER = find_browser()
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no browser on this machine: apt-get install chromium")

CONTRAST = """
(() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const channels = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return Array.from(canvas.getImageData(0, 0, 1, 1).data);
  };
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const below = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const weak = [];
  for (const element of document.querySelectorAll("body *:not(svg *):not(script)")) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own || !element.getClientRects().length) continue;
    const [a, b] = [light(channels(getComputedStyle(element).color)), light(below(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) weak.push([element.tagName, element.className, element.textContent.slice(0, 40), ratio]);
  }
  return weak;
})()
"""
TABLE = "[...document.querySelectorAll('table')].find(t => t.caption.textContent.startsWith({caption!r}))"


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory):
    with opened_browser(str(BROWSER), tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def content():
    return pictured_content()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, content) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_report(content, path)
    return path


@pytest.fixture
def opened(tab: Tab, page: Path) -> Tab:
    tab.media()
    tab.size(1200, 900)
    tab.open(page)
    return tab


def column(tab: Tab, caption: str, at: int, *, shown: bool = True) -> list[str]:
    """The texts of one column, of the rows that can be seen."""
    rows = f"[...{TABLE.format(caption=caption)}.tBodies[0].rows]"
    chosen = ".filter(row => !row.hidden && row.getClientRects().length)" if shown else ""
    return tab.run(f"{rows}{chosen}.map(row => row.cells[{at}].textContent)")


def click(tab: Tab, expression: str) -> None:
    tab.run(f"{expression}.click()")


def test_it_loads_without_a_word_and_without_a_request(opened: Tab, page: Path) -> None:
    assert opened.complaints() == []
    assert opened.requests() == [page.resolve().as_uri()]
    assert opened.run("document.documentElement.classList.contains('scripted')")


def test_the_policy_stops_a_foreign_script(opened: Tab) -> None:
    opened.run(
        "(() => {const s = document.createElement('script'); s.textContent = 'window.taken = 1';"
        "document.body.append(s)})()"
    )
    assert opened.run("window.taken") is None
    assert "Content Security Policy" in " ".join(opened.complaints())


def test_numbers_sort_as_numbers_both_ways(opened: Tab, content) -> None:
    caption = "Clusters, the largest first"
    heading = f"{TABLE.format(caption=caption)}.tHead.rows[0].cells[2]"
    before = column(opened, caption, 2)
    sizes = [f"{size:,}" for size in sorted(content.clusters["samples"].tolist())]
    assert len(set(sizes)) > 3
    assert before == sizes[::-1]
    click(opened, f"{heading}.querySelector('button')")
    assert opened.run(f"{heading}.getAttribute('aria-sort')") == "descending"
    click(opened, f"{heading}.querySelector('button')")
    assert opened.run(f"{heading}.getAttribute('aria-sort')") == "ascending"
    assert column(opened, caption, 2) == sizes
    assert opened.complaints() == []


def test_texts_sort_by_the_keyboard(opened: Tab, content) -> None:
    caption = "Patterns that were settled"
    opened.run(f"{TABLE.format(caption=caption)}.tHead.rows[0].cells[0].querySelector('button').focus()")
    opened.press("Enter")
    assert column(opened, caption, 0, shown=False) == sorted(content.patterns["pattern"])
    opened.press("Enter")
    assert column(opened, caption, 0, shown=False) == sorted(content.patterns["pattern"], reverse=True)


def test_rows_are_filtered_as_one_types(opened: Tab, content) -> None:
    caption = "Patterns that were settled"
    box = f"{TABLE.format(caption=caption)}.parentNode.previousElementSibling"
    opened.run(f"{box}.querySelector('input').focus()")
    opened.type("unobserved 1")
    wanted = [
        pattern
        for pattern, samples in zip(content.patterns["pattern"], content.patterns["samples"], strict=True)
        if samples == 0 and "1" in pattern
    ]
    assert 0 < len(wanted) < len(content.patterns)
    assert column(opened, caption, 0) == wanted
    status = f"{len(wanted)} of {len(content.patterns)} rows"
    assert opened.run(f"{box}.querySelector('[role=status]').textContent") == status
    opened.type(" nothing has this")
    assert column(opened, caption, 0) == []


def test_the_pointer_tells_pattern_and_function_of_a_region(opened: Tab, content) -> None:
    drawn = content.maps[0]
    areas = [abs(doubled_area(drawn.cut.polygon(row))) for row in range(len(drawn.cut))]
    row = areas.index(max(areas))
    opened.run("document.querySelectorAll('.dots, .boundary').forEach(e => e.remove())")
    opened.point(f".map .regions > :nth-child({row + 1})")
    told = opened.run("(() => {const t = document.getElementById('tip'); return t.hidden ? '' : t.textContent})()")
    assert f"pattern {drawn.patterns[row]}," in told
    assert "Survived = " in told
    assert opened.run("getComputedStyle(document.getElementById('tip')).display") != "none"
    opened.point("h1")
    assert opened.run("document.getElementById('tip').hidden")


def test_arrow_keys_walk_through_the_regions(opened: Tab, content) -> None:
    patterns = content.maps[0].patterns
    opened.run("document.querySelector('.map .regions > :first-child').focus()")
    said = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "End", "Home"):
        opened.press(key)
        said.append(opened.run("document.getElementById('tip').textContent"))
    for words, row in zip(said, (1, 2, 1, len(patterns) - 1, 0), strict=True):
        assert f"pattern {patterns[row]}," in words
    assert opened.run("document.querySelectorAll('.map .regions > [tabindex=\"0\"]').length") == 1
    assert (
        opened.run("getComputedStyle(document.activeElement.querySelector('polygon:last-of-type')).strokeWidth")
        == "3.5px"
    )
    opened.press("Escape")
    assert opened.run("document.getElementById('tip').hidden")


def test_regions_are_coloured_by_cluster_when_asked(opened: Tab) -> None:
    colour = "getComputedStyle(document.querySelector('.map .regions .c1 polygon')).fill"
    before = opened.run(colour)
    click(opened, "document.querySelector('.by-cluster')")
    assert opened.run(colour) != before
    assert opened.run("getComputedStyle(document.querySelector('.for-output')).display") == "none"


def test_hostile_names_are_words_for_the_browser(tab: Tab, tmp_path: Path) -> None:
    write_report(pictured_content(HOSTILE, output=HOSTILE[2]), tmp_path / "hostile.html")
    tab.open(tmp_path / "hostile.html")
    tab.run("document.querySelectorAll('.regions > *').forEach(e => e.focus())")
    assert tab.complaints() == []
    assert len(tab.requests()) == 1
    assert tab.run("document.querySelectorAll('img, script').length") == 1
    text = tab.run("document.body.textContent")
    for name in (HOSTILE[0], HOSTILE[2], HOSTILE[3], "\\u202e"):
        assert name in text
    assert "alert" in tab.run("document.querySelector('.regions > *').dataset.words")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_in_both_schemes(opened: Tab, scheme: str) -> None:
    opened.media(scheme=scheme)
    paper = opened.run("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 28)"}[scheme]
    opened.run("document.querySelectorAll('details').forEach(e => { e.open = true })")
    assert opened.run(CONTRAST) == []
    opened.run("document.querySelector('h1').style.color = '#8a8a8a'")
    assert len(opened.run(CONTRAST)) == (1 if scheme == "light" else 0), "the measure sees what is weak"
    assert len(opened.picture()) > 50_000


@pytest.mark.parametrize("width", [360, 390, 768, 1280])
def test_no_window_needs_sideways_scrolling(opened: Tab, width: int) -> None:
    opened.size(width, 800)
    assert opened.run("document.documentElement.scrollWidth") <= width


def test_the_summary_is_one_page_of_paper(opened: Tab, content) -> None:
    opened.media(media="print")
    opened.size(687, 1016)  # A4 without the margins of 14 mm, in pixels of 1/96 inch
    top, bottom = opened.run(
        "(s => [scrollY + s.getBoundingClientRect().top, scrollY + s.getBoundingClientRect().bottom])"
        "(document.getElementById('summary'))"
    )
    assert 0 < top < bottom < 1016
    assert opened.run("document.querySelectorAll('#summary tbody tr').length") == len(content.headlines)
    assert opened.run("getComputedStyle(document.getElementById('statements')).breakBefore") == "page"


def test_the_page_to_sign_is_the_first(opened: Tab) -> None:
    labels = opened.run("[...document.querySelectorAll('#summary #signature dt')].map(e => e.textContent)")
    assert labels[-2:] == ["Reviewer and role", "Date and signature"]
    assert "SHA-256 of partition.cert" in labels


def test_paper_has_the_first_rows_of_a_long_table_and_says_so(opened: Tab, content) -> None:
    opened.media(media="print")
    patterns = TABLE.format(caption="Patterns that were settled")
    assert opened.run(f"{patterns}.getClientRects().length") == 0
    cut = "document.querySelector('.table.cut tbody')"
    shown = f"[...{cut}.rows].filter(row => row.getClientRects().length).length"
    assert opened.run(shown) == 10
    rows = opened.run(f"{cut}.rows.length")
    assert f"On paper, the first 10 of {rows} rows" in opened.run("document.body.innerText")


def test_printed_headings_are_text_not_buttons(opened: Tab) -> None:
    """A browser repeats the head of a table on each page, but not the buttons in it."""
    opened.media(media="print")
    shown = "[...document.querySelectorAll('thead button')].map(b => getComputedStyle(b).display)"
    assert set(opened.run(shown)) == {"contents"}


def test_it_prints_without_its_controls(opened: Tab) -> None:
    opened.media(media="print", scheme="dark")
    assert opened.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert opened.run("[...document.querySelectorAll('.filter, .choice')].every(e => !e.getClientRects().length)")
    printed = opened.pdf()
    assert printed.startswith(b"%PDF")
    assert 3 <= printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") <= 30


def test_headings_captions_and_labels_are_there_for_those_who_listen(opened: Tab) -> None:
    levels = opened.run("[...document.querySelectorAll('h1,h2,h3,h4')].map(e => Number(e.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert opened.run("[...document.querySelectorAll('table')].every(t => t.caption && t.caption.textContent)")
    assert opened.run("[...document.querySelectorAll('th')].every(e => e.scope)")
    assert opened.run("[...document.querySelectorAll('input')].every(e => e.labels.length)")
    assert opened.run("[...document.querySelectorAll('svg.drawing')].every(e => e.getAttribute('aria-label'))")
    assert opened.run("document.querySelectorAll('.regions > :not([aria-label])').length") == 0


def test_without_its_script_the_page_is_complete(tab: Tab, page: Path, content, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    (tmp_path / "plain.html").write_text(text.split("<script>")[0] + "</body></html>", encoding="utf-8")
    tab.open(tmp_path / "plain.html")
    assert tab.complaints() == []
    assert column(tab, "Patterns that were settled", 0, shown=False) == content.patterns["pattern"].tolist()
    titles = tab.run("[...document.querySelectorAll('.map .regions title')].map(e => e.textContent)")
    assert len(titles) == len(content.maps[0].patterns)


def doubled_area(corners) -> float:
    """Twice the area of a polygon."""
    x, y = corners[:, 0], corners[:, 1]
    return float(sum(x[at - 1] * y[at] - x[at] * y[at - 1] for at in range(len(x))))
