"""Audits, the main job: a model and its data in, a store and a report out.

Imports every room but the command line: everything meets here. Never computes, queries or draws by itself.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from relugeom.audit.conduct import audit, conduct_audit
    from relugeom.audit.page import report_content
    from relugeom.audit.request import AuditRequest
    from relugeom.audit.result import AuditResult

__all__ = ["AuditRequest", "AuditResult", "audit", "conduct_audit", "report_content"]

_HOMES = {
    "AuditRequest": "request",
    "AuditResult": "result",
    "audit": "conduct",
    "conduct_audit": "conduct",
    "report_content": "page",
}
"""Modules by name, each loaded on first use: most verbs need but one of them."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'relugeom.audit' has no attribute {name!r}")
    return getattr(import_module(f"relugeom.audit.{_HOMES[name]}"), name)
