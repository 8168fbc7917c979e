"""Domains from specifications and TOML files, and every way in which they can be wrong."""

from math import inf
from types import SimpleNamespace

import numpy as np
import pytest

from relugeom.errors import DomainError
from relugeom.geometry.domain import FeatureKind
from relugeom.geometry.domain_spec import domain_of_data, load_domain, read_domain_file

NAMES = ("Age", "income", "rent", "S", "C", "Q")
NETWORK = SimpleNamespace(feature_names=NAMES, input_names=NAMES)

WHOLE = """
[features.Age]            # bands
lower = 0
upper = 4
kind = "integer"

[features.income]
lower = -0.5
[features.rent]
upper = 1e3
[features.S]
kind = "binary"

[[groups]]
features = ["S", "C", "Q"]

[[constraints]]
coefficients = { income = 1.0, rent = -1 }
relation = ">="
value = 0.25
[[constraints]]
coefficients = { Age = 0.1 }
relation = "<="
value = 3
[[constraints]]
coefficients = { Age = 1, income = 2 }
relation = "=="
value = 7
"""


def read(tmp_path, text):
    path = tmp_path / "domain.toml"
    path.write_text(text, encoding="utf-8")
    return load_domain(path, NETWORK)


def test_a_whole_file(tmp_path):
    domain = read(tmp_path, WHOLE)
    assert domain.lower.tolist() == [0.0, -0.5, -inf, 0.0, 0.0, 0.0]
    assert domain.upper.tolist() == [4.0, inf, 1000.0, 1.0, 1.0, 1.0]
    assert domain.kinds == (FeatureKind.INTEGER, *[FeatureKind.CONTINUOUS] * 2, *[FeatureKind.BINARY] * 3)
    assert domain.groups == ((3, 4, 5),)
    assert domain.A.tolist() == [[0.1, 0, 0, 0, 0, 0], [0, -1, 1, 0, 0, 0]]
    assert domain.b.tolist() == [3.0, -0.25]
    assert domain.E.tolist() == [[1, 2, 0, 0, 0, 0]] and domain.f.tolist() == [7.0]
    assert domain.feature_names == NAMES


def test_an_empty_file_is_everything(tmp_path):
    domain = read(tmp_path, "")
    assert (domain.lower == -inf).all() and (domain.upper == inf).all() and len(domain.b) == len(domain.f) == 0


def test_infinite_sides_may_be_written(tmp_path):
    domain = read(tmp_path, "[features.Age]\nlower = -inf\nupper = inf\n")
    assert domain.lower[0] == -inf and domain.upper[0] == inf


def test_odd_names(tmp_path):
    names = ("$x$", "[bold]", "<script>", "a\nb", "=1+1", 'q"', "")
    path = tmp_path / "domain.toml"
    path.write_text('[features."a\\nb"]\nlower = 1\n[features."q\\""]\nlower = 2\n[features.""]\nlower = 3\n')
    domain = read_domain_file(path, names)
    assert domain.lower.tolist() == [-inf, -inf, -inf, 1.0, -inf, 2.0, 3.0]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[features.Age\nlower = 0", "is not TOML"),
        ("x = " + "9" * 5000, "is not TOML"),
        ("x = " + "[" * 5000, "is not TOML"),
        ("[feature.Age]\nlower = 0", "the file has an unknown entry 'feature'"),
        ("features = 3", "features must be a table"),
        ("[features]\nAge = 3", "features.Age must be a table"),
        (
            "[features.age]\nlower = 0",
            "features.age: 'age' is not an input of the network, whose inputs are Age, income",
        ),
        ("[features.Age]\nlow = 0", "features.Age has an unknown entry 'low'"),
        ("[features.Age]\nlower = '0'", "features.Age.lower is '0': write a number"),
        ("[features.Age]\nlower = true", "features.Age.lower is True: write a number"),
        ("[features.Age]\nupper = nan", "features.Age.upper is nan: write a number"),
        ("[features.Age]\nupper = [1]", "features.Age.upper"),
        ("[features.Age]\nupper = 1979-05-27", "features.Age.upper"),
        ("[features.Age]\nupper = 1" + "0" * 400, "features.Age.upper is too large"),
        ("[features.Age]\nlower = 2\nupper = 1", "'Age': no number lies between its bounds 2 and 1"),
        ("[features.Age]\nlower = inf", "'Age': no number"),
        ("[features.Age]\nkind = 'whole'", "features.Age.kind is 'whole': use one of continuous, integer, binary"),
        ("[features.Age]\nkind = ['integer']", "features.Age.kind"),
        ("[features.Age]\nkind = 'binary'\nlower = 2", "'Age': no number"),
        ("groups = 3", r"groups must be written as \[\[groups\]\]"),
        ("groups = [3]", r"groups must be written as \[\[groups\]\]"),
        ("[groups]\nfeatures = ['S']", r"groups must be written as \[\[groups\]\]"),
        ("[[groups]]\nfeature = ['S']", r"groups\[0\] has an unknown entry 'feature'"),
        ("[[groups]]", r"groups\[0\].features must be a list"),
        ("[[groups]]\nfeatures = []", r"groups\[0\].features must be a list"),
        ("[[groups]]\nfeatures = 'S'", r"groups\[0\].features must be a list"),
        ("[[groups]]\nfeatures = ['S', 'X']", r"groups\[0\]: 'X' is not an input"),
        ("[[groups]]\nfeatures = ['S', 3]", r"groups\[0\]: 3 is not an input"),
        ("[[groups]]\nfeatures = ['S', ['C']]", r"groups\[0\]: \['C'\] is not an input"),
        ("[[groups]]\nfeatures = ['S', 'S']", "two one-hot groups, or twice to one"),
        ("constraints = 1", r"constraints must be written as \[\[constraints\]\]"),
        ("[[constraints]]\nvalue = 1", r"constraints\[0\].relation is None"),
        ("[[constraints]]\nrelation = '<'\nvalue = 1", r"constraints\[0\].relation is '<': use one of <=, >=, =="),
        ("[[constraints]]\nrelation = ['<=']\nvalue = 1", r"constraints\[0\].relation is"),
        ("[[constraints]]\nrelation = '<='\nvalue = 1", r"constraints\[0\] has no coefficient other than 0"),
        (
            "[[constraints]]\nrelation = '<='\nvalue = 1\ncoefficients = 2",
            r"constraints\[0\].coefficients must be a table",
        ),
        ("[[constraints]]\nrelation = '<='\nvalue = 1\ncoefficients = {Age = 0}", "no coefficient other than 0"),
        (
            "[[constraints]]\nrelation = '<='\nvalue = 1\ncoefficients = {age = 1}",
            r"constraints\[0\]: 'age' is not an input",
        ),
        ("[[constraints]]\nrelation = '<='\nvalue = 1\ncoefficients = {Age = 'x'}", r"coefficients.Age is 'x'"),
        ("[[constraints]]\nrelation = '<='\nvalue = 1\ncoefficients = {Age = inf}", "finite"),
        ("[[constraints]]\nrelation = '<='\ncoefficients = {Age = 1}", r"constraints\[0\] has no value"),
        ("[[constraints]]\nrelation = '<='\nvalue = inf\ncoefficients = {Age = 1}", "finite"),
        ("[[constraints]]\nrelation = '<='\nvalue = 1\nterms = 2\ncoefficients = {Age = 1}", "unknown entry 'terms'"),
    ],
)
def test_files_that_are_wrong(tmp_path, text, complaint):
    with pytest.raises(DomainError, match=complaint) as caught:
        read(tmp_path, text)
    assert "domain.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(DomainError, match=r"domain .* there is no such file \(give box:LO,HI"):
        load_domain(tmp_path / "nothing.toml", NETWORK)
    with pytest.raises(DomainError, match="this is a folder"):
        load_domain(tmp_path, NETWORK)
    path = tmp_path / "latin.toml"
    path.write_bytes(b"[features.\xe9]")
    with pytest.raises(DomainError, match="not text in UTF-8"):
        load_domain(path, NETWORK)
    with pytest.raises(DomainError):
        load_domain("a\0b", NETWORK)
    with pytest.raises(DomainError):
        load_domain("x" * 5000, NETWORK)


def test_short_forms():
    box = load_domain("box:-1,2.5", NETWORK)
    assert box.lower.tolist() == [-1.0] * 6 and box.upper.tolist() == [2.5] * 6 and box.names == NAMES
    assert (load_domain("all", NETWORK).upper == inf).all()
    data = np.arange(12.0).reshape(2, 6)
    assert load_domain("data", NETWORK, data=data) == domain_of_data(data)
    assert domain_of_data(data).upper.tolist() == [6.0, 7.0, 8.0, 9.0, 10.0, 11.0]


@pytest.mark.parametrize("spec", ["box:", "box:1", "box:1,2,3", "box:a,b", "box:1;2"])
def test_boxes_that_are_none(spec):
    with pytest.raises(DomainError, match="two numbers: give box:LO,HI"):
        load_domain(spec, NETWORK)


@pytest.mark.parametrize(
    ("spec", "complaint"), [("box:2,1", "no number"), ("box:nan,1", "NaN"), ("box:inf,inf", "no number")]
)
def test_boxes_without_numbers(spec, complaint):
    with pytest.raises(DomainError, match=complaint):
        load_domain(spec, NETWORK)


def test_data_must_be_there():
    with pytest.raises(DomainError, match="none was given"):
        load_domain("data", NETWORK)
    with pytest.raises(DomainError, match="without rows"):
        load_domain("data", NETWORK, data=np.zeros((0, 6)))


def test_numbers_mean_the_nearest_float(tmp_path):
    domain = read(tmp_path, "[features.Age]\nlower = 0.1\nupper = 9007199254740993\n")
    assert domain.lower[0] == 0.1 and domain.upper[0] == 2.0**53


def test_a_file_that_is_cut_within_its_last_number_is_refused(tmp_path):
    """40 cut short is 4, another domain; TOML itself does not mind."""
    whole = "[features.Age]\nlower = -1\nupper = 4.25\n"
    domain = read(tmp_path, whole)
    for length in range(whole.index("4.25") + 1, len(whole)):
        with pytest.raises(DomainError, match=r"line break|not TOML"):
            read(tmp_path, whole[:length])
    assert read(tmp_path, whole + "# the end") == domain


@pytest.mark.parametrize("number", ["0xAB", "0xab_cd", "0o17", "0b101", "1_000", "4.5e+12", "1E5", "-0.25"])
def test_every_way_to_write_a_number_is_refused_where_it_is_cut(number, tmp_path):
    whole = f"[features.Age]\nupper = {number}\n"
    read(tmp_path, whole)
    for length in range(whole.index(number) + 1, len(whole)):
        with pytest.raises(DomainError, match=r"line break|not TOML"):
            read(tmp_path, whole[:length])
