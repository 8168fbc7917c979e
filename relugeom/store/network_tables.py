"""Tables of networks: what the model file says, number by number.

Layers hold the numbers as they are loaded, bit by bit; the same numbers are rows as well, for questions in SQL.
"""

from sqlalchemy import Boolean, Column, Double, Integer, LargeBinary, Table, Text, UniqueConstraint

from relugeom.store.database.columns import Digest, key, metadata, owner, required

__all__ = ["classes", "features", "layers", "networks", "outputs", "unit_biases", "units", "weights"]

networks = Table(
    "networks",
    metadata,
    Column("id", Integer, primary_key=True),
    required("digest", Digest, comment="SHA-256 of layer shapes and weights"),
    required("meaning_digest", Digest, comment="SHA-256 of names, squashing and decision"),
    required("file_name", Text, comment="name of the model file when the network was first saved, or empty"),
    required("source", Text, comment="what was read: a file format, or memory"),
    required("precision", Text, comment="what the deployed model computes in: float32 or float64"),
    required("rounded_numbers", Integer, comment="how many weights and biases the importer had to round"),
    required("inputs", Integer, comment="number of inputs"),
    required("outputs", Integer, comment="number of outputs"),
    required("units", Integer, comment="number of hidden ReLU units"),
    required("hidden_layers", Text, comment="units in each hidden layer, like 4/2; - where there is none"),
    required("squashing", Text, comment="what follows the last layer: none, sigmoid or softmax"),
    required("decision_rule", Text, comment="how a class follows from the outputs: none, threshold or argmax"),
    required("threshold_lower", Double, comment="class 0 where the output before squashing is at most this"),
    required("threshold_upper", Double, comment="class 1 where the output before squashing is greater than this"),
    required("inputs_named", Boolean, comment="whether the model names its inputs"),
    required("outputs_named", Boolean, comment="whether the model names its outputs"),
    required("names_digest", Digest, comment="SHA-256 of the names of inputs, outputs and classes"),
    UniqueConstraint("digest", "meaning_digest"),
    comment="Trained networks; two are one where weights, names, squashing and decision agree.",
)

layers = Table(
    "layers",
    metadata,
    owner("network_id", "networks.id", "the network"),
    key("layer", "number of the layer, from 0; the last one is the output layer"),
    required("inputs", Integer, comment="values that the layer takes"),
    required("outputs", Integer, comment="values that the layer gives"),
    required("weights", LargeBinary, comment="W row by row, little-endian float64"),
    required("biases", LargeBinary, comment="b, little-endian float64"),
    Column("rounded_weights", LargeBinary, comment="one bit per weight, 1 where it was rounded; NULL where none was"),
    Column("rounded_biases", LargeBinary, comment="one bit per bias, 1 where it was rounded; NULL where none was"),
    comment="Weights of a network, exactly.",
)

weights = Table(
    "weights",
    metadata,
    owner("network_id", "networks.id", "the network"),
    key("layer", "number of the layer, from 0; the last one is the output layer"),
    key("unit", "its unit, or the output, from 0"),
    key("input", "unit of the layer before, or the feature, from 0"),
    required("weight", Double, comment="entry of W, never 0"),
    comment="Weights as rows, for questions; layers has the same numbers as they are loaded.",
    sqlite_with_rowid=False,
)

unit_biases = Table(
    "unit_biases",
    metadata,
    owner("network_id", "networks.id", "the network"),
    key("layer", "number of the layer, from 0; the last one is the output layer"),
    key("unit", "its unit, or the output, from 0"),
    required("bias", Double, comment="entry of b"),
    comment="Biases as rows, for questions.",
    sqlite_with_rowid=False,
)

units = Table(
    "units",
    metadata,
    owner("network_id", "networks.id", "the network"),
    key("layer", "hidden layer, from 0"),
    key("unit", "index in the layer, from 0"),
    required("text_position", Integer, comment="its character in the text of a pattern, from 1: substr(pattern, …, 1)"),
    comment="Hidden ReLU units.",
)


def _names(table: str, what: str) -> Table:
    return Table(
        table,
        metadata,
        owner("network_id", "networks.id", "the network"),
        key("position", f"number of the {what}, from 0"),
        required("name", Text, comment=f"name of the {what}"),
        comment=f"What each {what} of a network is called.",
    )


features = _names("features", "input")
outputs = _names("outputs", "output")
classes = _names("classes", "class")
