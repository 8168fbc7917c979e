"""What audits in tests may spend: distances to other decisions take more time only to prove more of them."""

from relugeom.budget import Budget, Shares

SHORT = Budget(shares=Shares(distances=0.1))
"""For audits that are quickly done."""
PATIENT = Budget(shares=Shares(distances=100.0))
"""For audits that take the time they need, in tests of what they find in it."""
