"""Seeded mutations of certificates: every field of header, tree, index and last line.

Most mutants get a last line that fits their tree again, so that what refuses them is not the count of their lines.
"""

import json
import random
from contextlib import suppress

from hand_written import Written

KEYS = "01spumtrkecgfbnda"
PARTS = ("networks", "networks", "domain", "domain", "claim", "claim", "names", "bounds")
TOKENS = (
    "0",
    "1",
    "-1",
    "2",
    "-2",
    "3",
    "7f",
    "100",
    "fffff",
    "-80000000",
    "1" + "0" * 40,
    "",
    "x",
    "0x1",
    "1_0",
    "+1",
)


def mutate(rng: random.Random, base: Written, others: list[Written]) -> bytes:
    """One mutant of a certificate."""
    header, lines = json.loads(json.dumps(base.header)), list(base.lines)
    kind = rng.randrange(10)
    if kind == 0:
        return bend_bytes(rng, base.content())
    if kind <= 3:
        bend_header(rng, header, others)
        if rng.random() < 0.2:
            lines = bend_lines(rng, lines, others)
    else:
        for _ in range(rng.choice((1, 1, 1, 2))):
            lines = bend_lines(rng, lines, others)
    counts = base.counts
    if rng.random() < 0.9:
        with suppress(KeyError, TypeError, AttributeError):  # a header that lost its claim
            counts = recount(header, lines)
    marks = []
    if rng.random() < 0.05 and lines:
        marks = [sorted((rng.randrange(len(lines)), rng.randrange(len(lines))))]
    return Written(header, lines, counts).content(marks=marks)


def recount(header, lines) -> tuple[int, int, int, int]:
    """What the last line should say."""
    counts, skipped, partition = [0, 0, 0, 0], 0, header["claim"].get("kind") == "partition"
    sets = header["claim"].get("sets") or [0]
    statuses = [entry[1] for entry in header["claim"].get("patterns", []) if len(entry) == 2]
    for line in lines:
        key = line[:1]
        if skipped:
            skipped -= 1
        elif key in ("0", "1", "d"):
            counts[2] += 1
        elif key == "n":
            counts[2] += 2 * line.count(" ")
        elif key == "r":
            counts[2] += 2
            skipped = 2
        elif key in ("p", "u") and partition:
            counts["pu".index(key)] += 1
        elif key and key in "pegfc":
            counts[3] += 1
            skipped = {"f": 1, "c": len(sets) - 1}.get(key, 0)
            if key == "f" and "lower-dimensional" in statuses[counts[3] - 1 : counts[3]]:
                skipped = 2
    return tuple(counts)


def bend_bytes(rng: random.Random, content: bytes) -> bytes:
    """Bytes flipped, cut off, repeated, put in."""
    place = rng.randrange(len(content))
    kind = rng.randrange(5)
    if kind == 0:
        return content[:place]
    if kind == 1:
        return content[:place] + bytes([content[place] ^ (1 << rng.randrange(8))]) + content[place + 1 :]
    if kind == 2:
        return content[:place] + rng.randbytes(rng.randrange(1, 9)) + content[place:]
    if kind == 3:
        return content + content[place:]
    end = min(len(content), place + rng.randrange(1, 40))
    return content[:place] + content[end:]


def bend_token(rng: random.Random, token: str) -> str:
    """Another number, often near."""
    kind = rng.randrange(6)
    try:
        value = int(token, 16)
    except ValueError:
        return rng.choice(TOKENS)
    if kind == 0:
        return rng.choice(TOKENS)
    if kind == 1:
        return f"{value + rng.choice((1, -1)):x}"
    if kind == 2:
        return f"{-value:x}"
    if kind == 3:
        return f"{value * rng.choice((2, 3, 16)):x}"
    if kind == 4:
        return f"{value ^ (1 << rng.randrange(max(1, value.bit_length() + 1))):x}"
    return f"{rng.randrange(-9, 10):x}"


def bend_text(rng: random.Random, text: str) -> str:
    """One token of a text changed, dropped or repeated; or two of them exchanged."""
    tokens = text.split(" ")
    place, other, kind = rng.randrange(len(tokens)), rng.randrange(len(tokens)), rng.randrange(8)
    if kind == 0:
        del tokens[place]
    elif kind == 1:
        tokens.insert(other, tokens[place])
    elif kind == 2:
        tokens[place], tokens[other] = tokens[other], tokens[place]
    else:
        tokens[place] = bend_token(rng, tokens[place])
    return " ".join(tokens)


def bend_lines(rng: random.Random, lines: list[str], others: list[Written]) -> list[str]:
    """Lines changed, dropped, repeated, moved, exchanged; subtrees exchanged; lines of another certificate put in."""
    lines = list(lines)
    if not lines:
        return ["s 0"]
    place, other, kind = rng.randrange(len(lines)), rng.randrange(len(lines)), rng.randrange(12)
    if kind == 0:
        del lines[place]
    elif kind == 1:
        lines.insert(other, lines[place])
    elif kind == 2:
        lines[place], lines[other] = lines[other], lines[place]
    elif kind == 3:
        lines[place] = rng.choice(KEYS) + lines[place][1:]
    elif kind == 4:
        donor = rng.choice(others).lines
        lines[place : place + rng.randrange(3)] = (
            donor[: rng.randrange(1, 4)] if rng.random() < 0.3 else [rng.choice(donor)]
        )
    elif kind == 5:
        lines = exchange_subtrees(rng, lines)
    elif kind == 6:
        points = [k for k, line in enumerate(lines) if line.startswith("p ")]
        if len(points) > 1:
            one, two = rng.sample(points, 2)
            lines[one] = lines[two]
    elif kind == 7:
        start, end = sorted((place, other))
        lines[start : end + 1] = []
    else:
        lines[place] = bend_text(rng, lines[place])
    return lines


def subtree_end(lines: list[str], start: int) -> int:
    """The line behind the subtree that begins at a line (of a partition)."""
    missing = 1
    for place in range(start, len(lines)):
        key = lines[place][:1]
        missing += (key in ("s", "k", "b")) - (key in ("p", "u", "e", "c", "g"))
        if missing == 0:
            return place + 1
    return len(lines)


def exchange_subtrees(rng: random.Random, lines: list[str]) -> list[str]:
    """The two sides of a split exchanged, or one of them dropped or put in place of the other."""
    splits = [place for place, line in enumerate(lines) if line[:1] in ("s", "k", "b")]
    if not splits:
        return lines
    place = rng.choice(splits)
    middle = subtree_end(lines, place + 1)
    end = subtree_end(lines, middle)
    one, two = lines[place + 1 : middle], lines[middle:end]
    first, second = rng.choice(((two, one), (one, one), (two, two), (one, []), ([], two)))
    kept = [lines[place]] if rng.random() < 0.8 else []
    return [*lines[:place], *kept, *first, *second, *lines[end:]]


def bend_header(rng: random.Random, header, others: list[Written]) -> None:
    """One place of the header changed: a text, a list, a key, or a part taken from another certificate."""
    kind = rng.randrange(12)
    if kind == 0:
        key = rng.choice([*header])
        header[key] = rng.choice(others).header.get(key, [])
        return
    if kind == 1:
        key, value = rng.choice([*header.items()])
        del header[key]
        header[rng.choice((key, "other"))] = value
        return
    name = rng.choice(("multiplier_bits", *(key for key in PARTS if key in header)))
    part = header[name]
    if type(part) is str:
        header[name] = bend_text(rng, part)
        return
    while True:
        keys = [*part] if type(part) is dict else [*range(len(part))]
        if not keys:
            part.append(rng.choice(("0 1", ["0", "0 1"], "1 1 0"))) if type(part) is list else None
            return
        key = rng.choice(keys)
        value = part[key]
        if type(value) in (dict, list) and rng.random() < 0.9:
            part = value
        elif type(part) is list and rng.random() < 0.3:
            other = rng.randrange(len(part))
            if rng.random() < 0.5:
                part[key], part[other] = part[other], part[key]
            elif rng.random() < 0.5:
                part.insert(other, value)
            else:
                del part[key]
            return
        else:
            part[key] = bend_value(rng, value)
            return


def bend_value(rng: random.Random, value):
    """Another value of the same kind, or of none that is expected."""
    if rng.random() < 0.08:
        return rng.choice((None, True, 1, 1.5, float("nan"), [], {}, "", "*", [["0", "0 1"]], {"a": "1"}))
    if type(value) is bool:
        return not value
    words = (
        "complete",
        "truncated",
        "region",
        "infeasible",
        "flat",
        "lower-dimensional",
        "inadmissible",
        "relaxation",
        "admissible",
        "partition",
        "excluded",
        "monotone",
        "patterns",
        "l1",
        "l2",
        "linf",
        "c",
        "i",
        "b",
    )
    if value in words:
        return rng.choice(words)
    if type(value) is str and set(value) <= {"0", "1"} and len(value) > 1 and rng.random() < 0.5:
        place = rng.randrange(len(value))
        return value[:place] + "10"[int(value[place])] + value[place + 1 :]
    return bend_text(rng, value) if type(value) is str else value
