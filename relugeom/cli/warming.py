"""The verb that compiles ahead: warm-up."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relugeom.audit.warm_up import WarmUp, warm_up
from relugeom.cli.output import show
from relugeom.report.plain_tables import fact_table

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["run_warm_up"]


def run_warm_up(*, as_json: bool) -> int:
    """`relugeom warm-up`."""
    return show(_Warm(warm_up()), as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Warm:
    """What is compiled now."""

    done: WarmUp
    status = None

    def as_json(self) -> dict[str, Any]:
        return {"kernels": list(self.done.kernels), "seconds": self.done.seconds}

    def as_parts(self) -> "list[RenderableType]":
        facts = [("kernels", ", ".join(self.done.kernels)), ("seconds", f"{self.done.seconds:.1f}")]
        return [fact_table("Compiled code", facts)]
