"""How a verb reads its MODEL: with what the user says about it, and with a remark on what the file does not say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relugeom.cli.app import names_as_text, names_in
from relugeom.cli.output import tell

if TYPE_CHECKING:
    from relugeom.network.network import ReLUNetwork

__all__ = ["Reading"]


@dataclass(frozen=True, slots=True)
class Reading:
    """Values of --layers and --activations; None if the option was not given."""

    layers: Sequence[str] | None = None
    activations: Sequence[str] | None = None

    @classmethod
    def of(cls, layers: str | None, activations: str | None) -> "Reading":
        """Read the texts of both options."""
        return cls(*(None if text is None else names_in(text) for text in (layers, activations)))

    @property
    def arguments(self) -> list[str]:
        """Both options again, for a command that is printed."""
        pairs = (("--layers", self.layers), ("--activations", self.activations))
        return [word for option, names in pairs if names is not None for word in (option, names_as_text(names))]

    def network(self, model: str) -> "ReLUNetwork":
        """The model."""
        from relugeom.importers.loading import load_network  # only where a model is read: help costs nothing

        return load_network(model, layers=self.layers, activations=self.activations, on_remark=tell)

    def networks(self, models: Sequence[str]) -> "list[ReLUNetwork]":
        """Several models."""
        from relugeom.importers.loading import load_networks

        return load_networks(models, layers=self.layers, activations=self.activations, on_remark=tell)
