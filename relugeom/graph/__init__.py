"""Networks as graphs; the only user of networkx."""
