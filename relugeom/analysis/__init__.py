"""Questions about clusters and regions, one a file."""
