"""What MkDocs calls while it builds: parts made from the code, and the project's own documents as pages."""

import re
from pathlib import Path
from typing import Any

from from_code import GENERATED
from mkdocs.structure.files import File, Files

REPOSITORY = Path(__file__).resolve().parents[1]
DOCUMENTS = {
    "explanation/certificate-format.md": "relugeom/certificate/FORMAT.md",
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "studies/boolean/study.md": "examples/boolean/README.md",
    "studies/titanic/study.md": "examples/titanic/README.md",
    "benchmarks.md": "benchmarks/README.md",
}
"""Pages that are documents of the project: they stand where they belong and are shown here as they are."""
PICTURES = {
    f"studies/{place.parent.name}/{place.name}": place for place in sorted(REPOSITORY.glob("examples/*/*.svg"))
} | {
    "pictures/report.png": REPOSITORY / "examples" / "titanic" / "report.png",
    "pictures/importance.svg": REPOSITORY / "examples" / "titanic" / "importance.svg",
}
LINKS = {"docs/": "", "CHANGELOG.md": "changelog.md"}
"""How links of these documents begin, and how they begin here."""
CONSOLE = re.compile(r'<div class="language-console highlight">.*?</div>', re.DOTALL)
OPTION = re.compile(r"(?<![\w-])--[\w-]+")
MARK = re.compile(r"<!-- generated: ([\w-]+) -->")


def on_files(files: Files, config: Any) -> Files:
    """Add the documents and pictures that stand elsewhere in the project."""
    for place, source in DOCUMENTS.items():
        text = (REPOSITORY / source).read_text(encoding="utf-8")
        for written, here in LINKS.items():
            text = text.replace(f"]({written}", f"]({here}")
        files.append(File.generated(config, place, content=text))
    for place, source in PICTURES.items():
        files.append(File.generated(config, place, abs_src_path=str(source)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill the marks of a page with the parts that are made from the code."""
    return MARK.sub(lambda mark: GENERATED[mark[1]](), markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Keep the options of long commands in one piece where a line breaks."""
    return CONSOLE.sub(lambda block: OPTION.sub(r'<span class="option">\g<0></span>', block[0]), html)
