"""Over which inputs of a domain something is said: all of its relaxation, or the admissible ones.

The one idea: what people ask is asked of inputs that there are, so that wherever a domain has whole numbers (integers,
binary features, one-hot groups) the admissible inputs are meant, unless somebody asks for the relaxation.
"""

from relugeom.claims.claim import Scope
from relugeom.claims.words import Names
from relugeom.geometry.domain import Domain, contains, contains_admissible
from relugeom.linalg.arrays import BoolArray, FloatArray
from relugeom.network.network import ReLUNetwork

__all__ = ["choose_scope", "in_scope", "names_on", "scope_in_words"]


def choose_scope(domain: Domain, asked: Scope | None = None) -> Scope:
    """The scope that was asked for; without a word that of admissible inputs where the domain has whole numbers.

    Where it has none, the two are the same, and the answer is RELAXATION.

    Raises
    ------
    InputError
        There is no such scope.
    """
    if asked is not None:
        return Scope(asked)
    return Scope.ADMISSIBLE if domain.has_integers else Scope.RELAXATION


def names_on(network: ReLUNetwork, domain: Domain | None) -> Names:
    """How the things are called that statements about a network on a domain name, and which inputs they mean."""
    scope = Scope.RELAXATION if domain is None else choose_scope(domain)
    return Names(network.feature_names, network.target_names, scope, network.rule.class_names)


def in_scope(domain: Domain, X: FloatArray, scope: Scope) -> BoolArray:
    """Which rows of X, shape (k, n), are inputs of the scope."""
    return (contains_admissible if scope is Scope.ADMISSIBLE else contains)(domain, X)


def scope_in_words(domain: Domain, scope: Scope) -> str:
    """What is meant, for people: "all inputs" where nothing is left out."""
    if scope is Scope.ADMISSIBLE:
        return "admissible inputs"
    return "all inputs of the relaxation, whole numbers or not" if domain.has_integers else "all inputs"
