"""Files that are nearly right: seeded mutants of small files, by bytes, by lines, by words, and format by format."""

import io
import math
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

import onnx

__all__ = ["NAMES", "NUMBERS", "archive_mutant", "binary_mutant", "onnx_mutant", "text_mutant"]
NAMES = (
    r"$\bad{$",
    "[bold]loud[/bold]",
    "<script>alert('x')</script>",
    "\"quotes\" & 'apostrophes'",
    "=1+1",
    "line\nbreak",
    "\x1b[31mred\x1b[0m",
    "Größe 漢字",
    "{{ 7 * 7 }}",
)
"""Names that mean something to those who show them: a formula, markup, a script, a terminal, a template."""

NUMBERS = [
    *("0", "-0", "1", "-1", "0.5", "1e308", "-1.7976931348623157e308", "1e309", "-1e400", "5e-324", "1e-400", "1e-150"),
    *(
        "1e150",
        "nan",
        "NaN",
        "inf",
        "-Infinity",
        "1_000",
        "1__0",
        "١٢",
        "1٫5",
        "１",
        "²",
        "½",
        "0x10",
        "0b1",
        "1e",
        "e5",
    ),
    *(
        "+1",
        "++1",
        "1.",
        ".5",
        ".",
        "1,5",
        "1'000",
        "1 000",
        " 1 ",
        "1e999999999",
        "1e-999999999",
        "9" * 400,
        "0" * 400,
    ),
    *("0." + "3" * 400, "1d5", "1f", "True", "false", "null", "", "-", "\u00a01", "1\u2003", "1/3", "3%", "$1", "(1)"),
    *(str(2**53 + 1), str(2**63), str(-(2**63) - 1), str(2**64), "9" * 5000, "1e5", "12e-1", "-.5e+3", "#1", "=1+1"),
]
"""Things that stand where a number should, numbers among them."""
WORDS = [
    "a",
    "b",
    "y",
    "é",
    "\u202e",
    "😀",
    "a\u0301",
    "\x1b[31m",
    "$\\bad{$",
    "<b>",
    "'",
    '"',
    '""',
    "\0",
    "x" * 10_000,
]
JOINTS = [
    ",",
    ";",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    " ",
    '"',
    "'",
    "\\",
    "#",
    "//",
    "\ufeff",
    "\v",
    "\x1c",
    "\u2028",
    "=",
    "[",
    "]",
]
ENCODINGS = ["utf-16", "utf-16-le", "utf-32", "latin-1", "utf-8-sig", "cp1252", "utf-7"]


OPERATORS = [
    "Relu",
    "Gemm",
    "MatMul",
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Concat",
    "Split",
    "Slice",
    "Reshape",
    "Clip",
    "Max",
    "Abs",
]
WHOLE_NUMBERS = [0, 1, -1, 2, 3, 7, 255, 2**31 - 1, 2**31, 2**62, 2**63 - 1, -(2**63)]


def text_mutant(text: str, random: Random, words: Sequence[str] = ()) -> bytes:
    """A text with one to three faults; `words` are those of its format."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        text = random.choice(TEXT_FAULTS)(text, random, [*words, *WORDS])
    if random.random() < 0.06:
        return text.encode(random.choice(ENCODINGS), errors="replace")
    content = text.encode("utf-8", errors="surrogatepass")
    return binary_mutant(content, random) if random.random() < 0.15 else content


def binary_mutant(content: bytes, random: Random) -> bytes:
    """Bytes with one to three faults."""
    for _ in range(random.choice((1, 1, 2, 3))):
        content = random.choice(BINARY_FAULTS)(content, random)
    return content


def archive_mutant(content: bytes, random: Random) -> bytes:
    """A zip archive with a fault in a member, in its directory, or anywhere."""
    if random.random() < 0.3:
        return binary_mutant(content, random)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
    place = random.randrange(len(members))
    name, inside = members[place]
    fault = random.randrange(7)
    if fault == 0:
        members.append((name, inside))
    elif fault == 1:
        members.pop(place)
    elif fault == 2:
        members[place] = (
            random.choice(("", "x", "../x", "/x", "W9.npy", "x" * 300, name + "\0", name.upper())),
            inside,
        )
    elif fault == 3:
        members[place] = (name, bytes(random.choice((0, 1, 10**6))))
    elif fault == 4:
        members[place] = (name, random.choice(members)[1])
    elif name.endswith(".json"):
        members[place] = (name, text_mutant(inside.decode(), random))
    else:
        members[place] = (name, binary_mutant(inside, random))
    kind = random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a name is there twice
        for name, inside in members:
            archive.writestr(zipfile.ZipInfo(name), inside, kind)
    return buffer.getvalue()


def onnx_mutant(content: bytes, random: Random) -> bytes:
    """An ONNX model with one to three faults in what it says, or in its bytes."""
    if random.random() < 0.3:
        return binary_mutant(content, random)
    model = onnx.ModelProto.FromString(content)
    for _ in range(random.choice((1, 1, 2, 3))):
        places = list(_fields(model))
        holder, field = random.choice(places)
        _change_field(holder, field, random)
    return bytes(model.SerializeToString())


def _fields(message: Any) -> Iterator[tuple[Any, Any]]:
    """Every field that is set in a message and in those that it holds."""
    for field, value in message.ListFields():
        yield message, field
        if field.type == field.TYPE_MESSAGE:
            for part in value if field.is_repeated else [value]:
                yield from _fields(part)


def _change_field(holder: Any, field: Any, random: Random) -> None:
    value = getattr(holder, field.name)
    if random.random() < 0.2:
        holder.ClearField(field.name)
    elif field.is_repeated and len(value):
        place = random.randrange(len(value))
        fault = random.randrange(3)
        if fault == 0:
            del value[place]
        elif field.type == field.TYPE_MESSAGE:
            value.append(value[place] if fault == 1 else value[0])
        elif fault == 1:
            value.append(value[place])
        else:
            value[place] = _other_value(field, value[place], random)
    elif field.type == field.TYPE_MESSAGE:
        value.Clear()
    else:
        setattr(holder, field.name, _other_value(field, value, random))


def _other_value(field: Any, value: Any, random: Random) -> Any:
    if field.type == field.TYPE_STRING:
        return random.choice((*OPERATORS, "", "x", "W0", value + "x", "😀", "x" * 10_000))
    if field.type == field.TYPE_BYTES:
        return binary_mutant(value, random)
    if field.type in (field.TYPE_FLOAT, field.TYPE_DOUBLE):
        return random.choice((0.0, -1.0, 1e30, 1e-40, math.inf, math.nan))
    if field.type == field.TYPE_ENUM:
        return random.choice(field.enum_type.values).number
    return random.choice((0, 1, 2, 7, 2**31 - 1)) if field.type == field.TYPE_INT32 else random.choice(WHOLE_NUMBERS)


def _words(text: str) -> list[str]:
    """The text in pieces: runs of letters and digits, and what lies between them."""
    pieces, kind = [""], False
    for letter in text:
        is_word = letter.isalnum() or letter in "_.-+"
        if is_word is not kind:
            pieces.append("")
        pieces[-1] += letter
        kind = is_word
    return pieces


def _other_number(text: str, random: Random, words: Sequence[str]) -> str:
    pieces = _words(text)
    places = [place for place, piece in enumerate(pieces) if piece.strip("-+.").replace(".", "").isdigit()]
    if places:
        pieces[random.choice(places)] = random.choice(NUMBERS)
    return "".join(pieces)


def _other_word(text: str, random: Random, words: Sequence[str]) -> str:
    pieces = _words(text)
    pieces[random.randrange(len(pieces))] = random.choice((*words, *NUMBERS, *JOINTS))
    return "".join(pieces)


def _lines(text: str, random: Random, words: Sequence[str]) -> str:
    """Lines that are lost, twice there, in another order, very long, or very many."""
    lines = text.splitlines(keepends=True) or [""]
    place, other = random.randrange(len(lines)), random.randrange(len(lines))
    fault = random.randrange(6)
    if fault == 0:
        del lines[place]
    elif fault == 1:
        lines.insert(other, lines[place])
    elif fault == 2:
        lines[place], lines[other] = lines[other], lines[place]
    elif fault == 3:
        lines[place] = lines[place].rstrip("\n") * random.choice((2, 100, 2000)) + "\n"
    elif fault == 4:
        lines[place] *= random.choice((2, 100, 2000))
    else:
        lines[place] = random.choice(("", "\n", "\n" * 50, "# x\n", "// x\n", "; x\n"))
    return "".join(lines)


def _inserted(text: str, random: Random, words: Sequence[str]) -> str:
    place = random.randrange(len(text) + 1)
    return text[:place] + random.choice((*JOINTS, *words, *NUMBERS)) + text[place:]


def _nested(text: str, random: Random, words: Sequence[str]) -> str:
    """Brackets within each other, closed or not."""
    opened, closed = random.choice(
        ("()", "[]", "{}", "''", '""', ("(and ", ")"), ("(- ", ")"), ("{a=", "}"), ("a.", ""))
    )
    depth, place = random.choice((1, 70, 3000, 50_000)), random.randrange(len(text) + 1)
    return (
        text[:place]
        + opened * depth
        + "1" * random.randrange(2)
        + closed * (depth * random.randrange(2))
        + text[place:]
    )


def _cut(text: str, random: Random, words: Sequence[str]) -> str:
    place = random.randrange(len(text) + 1)
    return text[:place] if random.random() < 0.8 else text[place:]


def _line_ends(text: str, random: Random, words: Sequence[str]) -> str:
    return text.replace("\n", random.choice(("\r\n", "\r", "\n\r", "\u2028", "\0\n", " \n", ",\n")))


def _flipped(content: bytes, random: Random) -> bytes:
    changed = bytearray(content or b"\0")
    for _ in range(random.choice((1, 1, 4))):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _overwritten(content: bytes, random: Random) -> bytes:
    place = random.randrange(len(content) + 1)
    piece = random.choice((b"\0", b"\xff" * 8, b"\x7f" * 4, b"\xff\xff\xff\x7f", b"\x80" * 10, random.randbytes(8)))
    return content[:place] + piece + content[place + len(piece) :]


def _spliced(content: bytes, random: Random) -> bytes:
    first, second = sorted(random.randrange(len(content) + 1) for _ in range(2))
    place = random.randrange(len(content) + 1)
    return random.choice(
        (content[:first] + content[second:], content[:place] + content[first:second] + content[place:])
    )


def _truncated(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def _padded(content: bytes, random: Random) -> bytes:
    return random.choice((content + b"\0" * random.choice((1, 1000)), b"\n" + content, content + content))


TEXT_FAULTS: list[Callable[[str, Random, Sequence[str]], str]] = [
    *(_other_number, _other_number, _other_number, _other_word, _other_word, _lines, _lines, _inserted, _inserted),
    *(_nested, _cut, _line_ends),
]
BINARY_FAULTS: list[Callable[[bytes, Random], bytes]] = [
    _flipped,
    _flipped,
    _overwritten,
    _spliced,
    _truncated,
    _padded,
]
