"""How a verb reads its MODEL: with what the user says about it, and with a remark on what the file leaves open."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relugeom.cli.app import names_as_text, names_in
from relugeom.cli.output import tell
from relugeom.importers.formats import find_format

if TYPE_CHECKING:
    from relugeom.network.network import ReLUNetwork

__all__ = ["Reading", "read_all"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What --layers and --activations say; None where they say nothing."""

    layers: Sequence[str] | None = None
    activations: Sequence[str] | None = None

    @classmethod
    def of(cls, layers: str | None, activations: str | None) -> "Reading":
        """From the texts of both options."""
        return cls(*(None if text is None else names_in(text) for text in (layers, activations)))

    @property
    def arguments(self) -> list[str]:
        """The options again, for a command that is printed."""
        pairs = (("--layers", self.layers), ("--activations", self.activations))
        return [word for option, names in pairs if names is not None for word in (option, names_as_text(names))]

    def network(self, model: str) -> "ReLUNetwork":
        """The model."""
        from relugeom.importers.loading import load_network  # only where a model is read: help costs nothing

        return load_network(model, layers=self.layers, activations=self.activations, on_remark=tell)


def read_all(models: Sequence[str], reading: Reading) -> "list[ReLUNetwork]":
    """Several models, of which the options are about those that need them (about all of them where none does)."""
    formats = [find_format(model) for model in models]
    needs = [known is not None and known.tensors_alone for known in formats]
    readings = [reading if need or not any(needs) else Reading() for need in needs]
    return [reading.network(model) for reading, model in zip(readings, models, strict=True)]
