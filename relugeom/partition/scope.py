"""Scopes: whether a statement is about all inputs of a domain's relaxation, or about admissible ones.

The one idea: people ask about inputs that can occur. So if a domain has integer or binary features or one-hot groups,
statements are about admissible inputs unless the relaxation is asked for.
"""

from relugeom.claims.claim import Scope
from relugeom.claims.words import Names
from relugeom.geometry.domain import Domain, contains, contains_admissible
from relugeom.linalg.arrays import BoolArray, FloatArray
from relugeom.network.network import ReLUNetwork

__all__ = ["choose_scope", "in_scope", "names_on", "scope_in_words"]


def choose_scope(domain: Domain, asked: Scope | None = None) -> Scope:
    """The scope that was asked for; by default ADMISSIBLE if the domain has integer features.

    Without integer features the two are the same, and the answer is RELAXATION.

    Raises
    ------
    InputError
        There is no such scope.
    """
    if asked is not None:
        return Scope(asked)
    return Scope.ADMISSIBLE if domain.has_integers else Scope.RELAXATION


def names_on(network: ReLUNetwork, domain: Domain | None) -> Names:
    """Names for statements about a network on a domain, and the inputs that they mean."""
    scope = Scope.RELAXATION if domain is None else choose_scope(domain)
    return Names(network.feature_names, network.target_names, scope, network.rule.class_names)


def in_scope(domain: Domain, X: FloatArray, scope: Scope) -> BoolArray:
    """Whether each row of X, shape (k, n), is an input of the scope."""
    return (contains_admissible if scope is Scope.ADMISSIBLE else contains)(domain, X)


def scope_in_words(domain: Domain, scope: Scope) -> str:
    """Scope in words: "all inputs" if nothing is left out."""
    if scope is Scope.ADMISSIBLE:
        return "admissible inputs"
    return "all inputs of the relaxation, integer or not" if domain.has_integers else "all inputs"
