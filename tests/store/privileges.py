"""Programs that may not write what is read-only, even when the tests run as root."""

import ctypes

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1


def drop_write_override() -> None:
    """Take the right to write anything from the program that is about to start (Linux; harmless for others)."""
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE)
