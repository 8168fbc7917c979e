"""Which patterns are regions, and which samples share one."""
