"""A subject has one sentence, and no other subject has it: whatever features and outputs are called."""

from fractions import Fraction

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from relugeom.claims.claim import Scope
from relugeom.claims.subject import Direction, Question, Side, Subject
from relugeom.claims.words import Names, name_in_words, statement_in_words
from relugeom.errors import InputError

WORDS = [
    "y",
    "age",
    "the range of",
    "is bounded",
    "above",
    "never falls",
    "when",
    "alone rises",
    "alone",
    "≤ 2",
    "≥",
    ",",
]
WORDS += [
    "inputs that differ only in",
    "get the same decision",
    '"',
    "\\",
    "\n",
    "\\n",
    "(over the relaxation)",
    "é",
    ";",
]
WORDS += ["5 of the 9 units give the same outputs on the domain (", "the ranges of 2 more outputs", "units"]
NAME = st.one_of(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(", ".join),
    st.text(max_size=4),
)
NAMES = st.builds(
    Names,
    st.lists(NAME, min_size=3, max_size=3, unique=True),
    st.lists(NAME, min_size=3, max_size=3, unique=True),
    st.sampled_from(Scope),
)
PLACE = st.integers(0, 2)
SCOPE = st.sampled_from(Scope)
FURTHER = st.integers(1, 5000)
SUBJECT = st.one_of(
    st.builds(Subject, st.just(Question.RANGE), SCOPE, output=PLACE, side=st.none() | st.sampled_from(Side)),
    st.builds(Subject, st.just(Question.RANGE), SCOPE, further=FURTHER),
    st.builds(
        Subject,
        st.just(Question.MONOTONICITY),
        SCOPE,
        output=PLACE,
        feature=PLACE,
        direction=st.sampled_from(Direction),
    ),
    st.builds(Subject, st.just(Question.MONOTONICITY), SCOPE, further=FURTHER),
    st.builds(Subject, st.just(Question.FAIRNESS), SCOPE, protected=st.sets(PLACE, min_size=1).map(tuple)),
    st.builds(Subject, st.just(Question.SIMPLIFICATION), SCOPE, second_network=st.none() | NAME),
)
NUMBERS = st.tuples(st.none() | st.fractions(), st.integers(0, 99), st.integers(0, 99))


def sentence(subject: Subject, names: Names, numbers: tuple[Fraction | None, int, int]) -> str:
    value, part, whole = numbers
    return statement_in_words(subject, names, value=value, part=part, whole=whole)


@given(NAMES, SUBJECT, SUBJECT, NUMBERS, NUMBERS)
@example(
    Names(["c", "b never falls when c", "x"], ["a", "a never falls when b", "z"]),
    Subject(Question.MONOTONICITY, output=0, feature=1, direction=Direction.RISES),
    Subject(Question.MONOTONICITY, output=1, feature=0, direction=Direction.RISES),
    (None, 0, 0),
    (None, 0, 0),
)
@example(
    Names(["a", "b", "a, b"], ["y", "z", "w"]),
    Subject(Question.FAIRNESS, protected=(0, 1)),
    Subject(Question.FAIRNESS, protected=(2,)),
    (None, 0, 0),
    (None, 0, 0),
)
def test_different_subjects_never_have_the_same_sentence(names, first, second, numbers, others):
    assume(first != second)
    assert sentence(first, names, numbers) != sentence(second, names, others)


@given(NAMES, SUBJECT, NUMBERS)
def test_a_sentence_is_one_printable_line(names, subject, numbers):
    assert sentence(subject, names, numbers).isprintable()


@given(NAME, NAME)
def test_different_names_are_written_differently(first, second):
    assert (name_in_words(first) == name_in_words(second)) == (first == second)


@pytest.mark.parametrize("name", ["Survived", "petal length (cm)", "number of rooms", "Größe 漢", "a.b_c-d/e", "x+1"])
def test_ordinary_names_are_written_as_they_are(name):
    assert name_in_words(name) == name


def test_the_scope_is_named_where_it_is_not_that_of_the_domain():
    names = Names(["age"], ["y"], Scope.ADMISSIBLE)
    said = [statement_in_words(Subject(Question.RANGE, scope, output=0), names) for scope in Scope]
    assert said == ["the range of y (over the relaxation)", "the range of y"]


@pytest.mark.parametrize(
    "about",
    [
        {"question": Question.RANGE, "feature": 0},
        {"question": Question.RANGE, "output": 0, "further": 1},
        {"question": Question.RANGE},
        {"question": Question.MONOTONICITY, "output": 0, "feature": 1},
        {"question": Question.FAIRNESS},
        {"question": Question.SIMPLIFICATION, "output": 0},
    ],
)
def test_a_subject_that_no_question_has_is_refused(about):
    with pytest.raises(InputError, match="a question of"):
        Subject(**about)


def test_protected_features_are_a_set():
    assert Subject(Question.FAIRNESS, protected=(2, 1, 2)) == Subject(Question.FAIRNESS, protected=(1, 2))
