"""How tests settle claims: with the prover, and every proof is checked by the checker."""

from relugeom.certificate.claim import settle_claim
from relugeom.checker import check
from relugeom.claims.settlement import Verdict


def settler(folder, network, domain, **options):
    """Settles claims about a network on a domain; a certificate that the checker does not accept is an error."""
    settle = settler_on(network, folder, **options)
    return lambda claim: settle(domain, claim)


def settler_on(network, folder, **options):
    """The same on any domain, which comes with the claim."""
    count = 0

    def settle(domain, claim):
        nonlocal count
        count += 1
        found = settle_claim(claim, network, domain, folder / f"{count}.cert", **options)
        if found.verdict is Verdict.HOLDS:
            assert check(str(found.proof.path))["closed"] == found.proof.cells
        return found

    return settle
