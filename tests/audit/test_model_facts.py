"""What the owner says of a model: words of the report, and one clear line for entries that are none."""

import pytest
from command_line import small_network, write_network, write_rows

from relugeom.audit.conduct import audit
from relugeom.audit.model_facts import read_model_facts
from relugeom.errors import DomainError
from relugeom.geometry.domain_spec import read_domain_file


def domain_file(folder, text):
    path = folder / "domain.toml"
    path.write_text(f"[features.x0]\nlower = 0\nupper = 1\n\n{text}\n", encoding="utf-8")
    return path


def test_the_facts_are_texts_and_change_no_domain(tmp_path):
    plain = read_domain_file(domain_file(tmp_path, ""), ["x0"])
    path = domain_file(tmp_path, '[model]\nversion = "2.10"\nname = "  Credit <score> "\nintended_use = "loans"')
    assert read_domain_file(path, ["x0"]).digest == plain.digest
    assert list(read_model_facts(path).items()) == [
        ("name", "Credit <score>"),
        ("version", "2.10"),
        ("intended_use", "loans"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("model = 3", "must be a table"),
        ('[model]\ntitle = "x"', "unknown entry 'title'"),
        ("[model]\nname = true", "model.name is no text"),
        ("[model]\nname = [1]", "model.name is no text"),
        ("[model]\nowner = 2020-01-01", "model.owner is no text"),
        ("[model]\nversion = 2.10", "model.version is no text: write it in quotes"),  # or it would be 2.1
        ("[model]\nname = nan", "model.name is no text"),
        ("[model]\nowner = {}", "model.owner is no text"),
        ('[model]\npurpose = "  "', "model.purpose has 0 characters"),
        (f'[model]\npurpose = "{"x" * 1001}"', "model.purpose has 1,001 characters"),
    ],
)
def test_odd_facts_are_refused_in_one_line(tmp_path, text, words):
    path = tmp_path / "domain.toml"
    path.write_text(f"{text}\n", encoding="utf-8")
    with pytest.raises(DomainError) as refusal:
        read_model_facts(path)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_the_report_has_them_on_its_first_page(tmp_path):
    model = write_network(tmp_path / "net.npz", small_network(1, 2, 1))
    data = write_rows(tmp_path / "rows.csv", ["x0"], [[0.25], [0.75]])
    path = domain_file(tmp_path, '[model]\nname = "Credit <score>"\nversion = "2"\nowner = "Risk & Co"')
    result = audit(model, data, domain=str(path), out=tmp_path / "out")
    assert result.content.title == "Audit of Credit <score> 2"
    assert [line for line in result.content.summary if line[0] in ("Version", "Owner", "Purpose")] == [
        ("Version", "2"),
        ("Owner", "Risk & Co"),
    ]
    page = result.report.read_text(encoding="utf-8")
    assert "Audit of Credit &lt;score&gt; 2" in page
    assert "net.npz: 1 input" in page
