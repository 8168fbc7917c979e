"""`python -m relugeom` is the command `relugeom`."""

from relugeom.cli import main

if __name__ == "__main__":
    main()
