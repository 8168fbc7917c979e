"""Small linear systems in floats, compiled: an approximate inverse, whose error is for its users to bound."""

from relugeom.geometry.compiled import inner

__all__ = ["invert"]


@inner
def invert(H, C, q):
    """C ≈ H⁻¹ by elimination with row pivoting; False where H looks singular. H is overwritten."""
    for i in range(q):
        for c in range(q):
            C[i, c] = 1.0 if i == c else 0.0
    for c in range(q):
        best = c
        for i in range(c + 1, q):
            if abs(H[i, c]) > abs(H[best, c]):
                best = i
        if H[best, c] == 0.0:
            return False
        for k in range(q):
            H[c, k], H[best, k] = H[best, k], H[c, k]
            C[c, k], C[best, k] = C[best, k], C[c, k]
        inverse = 1.0 / H[c, c]
        for k in range(q):
            H[c, k] *= inverse
            C[c, k] *= inverse
        for i in range(q):
            factor = H[i, c]
            if i != c and factor != 0.0:
                for k in range(q):
                    H[i, k] -= factor * H[c, k]
                    C[i, k] -= factor * C[c, k]
    return True
