"""The verb `export`: a model and a domain as plain files that others can read and compare."""

from pathlib import Path

from relugeom.audit.inputs import DOMAIN_FILE, choose_domain
from relugeom.certificate.plain_files import plain_domain, plain_network
from relugeom.cli.model_file import Reading
from relugeom.cli.output import show_file
from relugeom.files import make_folder, write_whole

__all__ = ["run_export"]


def run_export(model: str, domain: str | None, out: str, *, reading: Reading, as_json: bool) -> int:
    """`relugeom export`."""
    network = reading.network(model)
    contents = {"network.json": plain_network(network)}
    facts = {"network": network.digest, "domain": None, "domain_digest": None}
    if domain is not None or (Path(model).parent / DOMAIN_FILE).is_file():
        chosen = choose_domain(domain, network, None, Path(model))
        contents["domain.json"] = plain_domain(chosen.domain, network)
        facts |= {"domain": chosen.source, "domain_digest": chosen.domain.digest}
    folder = make_folder(out)
    files = [str(folder / name) for name in contents]
    for file, content in zip(files, contents.values(), strict=True):
        write_whole(file, content)
    written = f"{' and '.join(files)}: written" + (f" (domain: {facts['domain']})" if facts["domain"] else "")
    return show_file({"files": files, **facts}, written, as_json=as_json)
