"""ReLU networks, their activation patterns and effective maps; knows no polytope."""
