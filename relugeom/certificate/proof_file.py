"""One file for the certificates of many claims about a network, to which proofs are appended one by one.

The one idea: a claim is written when its proof is whole, in one piece with its name, length and SHA-256 in front. So a
job that ends at any moment leaves a file whose claims can be checked, up to one that was cut short.
"""

import hashlib
import json
from dataclasses import replace
from itertools import count
from pathlib import Path
from secrets import token_hex

from relugeom.certificate.header import network_entry
from relugeom.claims.settlement import Proof, Settlement
from relugeom.errors import InputError
from relugeom.files import place_to_write
from relugeom.network.network import ReLUNetwork

__all__ = ["ProofFile"]


class ProofFile:
    """A file of certificates of one network; it appears with its first claim, and takes the place of an earlier one.

    Attributes
    ----------
    path
        Path of the file.
    """

    def __init__(self, path: str | Path, network: ReLUNetwork) -> None:
        self.path, self._place = Path(path), place_to_write(path)
        self._names: set[str] = set()
        self._network = network_entry(network)

    def place_of_next(self) -> Path:
        """Path at which to write a certificate that `keep` then takes in."""
        return self._place.with_name(f".{token_hex(8)}.part")

    def keep(self, settled: Settlement, name: str) -> Settlement:
        """Take in the certificate of a claim under a name, if there is one; the proof then names that claim.

        A further claim of a name gets a number behind it.

        Raises
        ------
        InputError
            The file cannot be written.
        """
        if settled.proof is None or settled.proof.path is None:
            return settled
        content, name = self._without_network(settled.proof), self._new(name)
        digest = hashlib.sha256(content).hexdigest()
        self._append(f"claim {name} {len(content):x} {digest}\n".encode("ascii") + content)
        self._names.add(name)
        return replace(settled, proof=replace(settled.proof, path=self.path / name, size=len(content), digest=digest))

    def _new(self, name: str) -> str:
        numbers = (name if number == 1 else f"{name}-{number}" for number in count(1))
        return next(each for each in numbers if each not in self._names)

    def _without_network(self, proof: Proof) -> bytes:
        """The certificate without the network that all share; its file is removed."""
        assert proof.path is not None, "a proof that is kept was written"
        content = proof.path.read_bytes()
        proof.path.unlink()
        old, body = content.split(b"\n", 1)
        header = json.loads(old)
        assert header["networks"][0] == self._network, "all claims of a file are about one network"
        header["networks"][0] = ""
        new = json.dumps(header).encode("ascii")
        shift, last = len(new) - len(old), body.rstrip(b"\n").rpartition(b"\n")[2]
        *counts, index = last.split(b" ")
        tree, marks = (body[part] for part in _parts(int(index, 16) - len(old) - 1, len(body) - len(last) - 1))
        moved = (b"%x %x\n" % tuple(int(offset, 16) + shift for offset in line.split()) for line in marks.splitlines())
        end = b"%s %x\n" % (b" ".join(counts), int(index, 16) + shift)
        return b"".join([new, b"\n", tree, *moved, end])

    def _append(self, content: bytes) -> None:
        try:
            if self._names:
                self._extend(content)
            else:
                self._begin(content)
        except OSError as error:
            raise InputError(f"{str(self.path)!r} cannot be written: {error.strerror}") from error

    def _begin(self, content: bytes) -> None:
        header = {"format": "relugeom-certificates", "version": "1", "network": self._network}
        part = self.place_of_next()
        try:
            part.write_bytes(json.dumps(header).encode("ascii") + b"\n" + content)
            part.replace(self._place)
        finally:
            part.unlink(missing_ok=True)

    def _extend(self, content: bytes) -> None:
        """Append to the file; what a full disk cut short is taken away again."""
        with self._place.open("ab") as file:
            size = file.tell()
            try:
                file.write(content)
                file.flush()
            except OSError:
                file.truncate(size)
                raise


def _parts(index: int, end: int) -> tuple[slice, slice]:
    """The tree, and the index behind it."""
    return slice(0, index), slice(index, end)
