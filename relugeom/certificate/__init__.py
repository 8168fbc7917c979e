"""Certificates: proofs that anybody can check with one file of the standard library (FORMAT.md, `checker.py`)."""
