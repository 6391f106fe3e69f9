"""XML read safely: as a stream of elements, without entities, never from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO
from xml.parsers import expat

from coregulate.core import FormatError

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str, str], None]

_BLOCK = 1 << 20
_MAX_DEPTH = 200  # prior: the formats read here are under 20 deep
_MAX_TEXT = 1 << 20  # prior: characters of one element


class _Refused(Exception):
    pass


def walk(file: IO[bytes], path: Path, *, start: Start, end: End) -> bool:
    """Call ``start(name, attributes)`` and ``end(name, text)`` for each element, in order.

    Parameters
    ----------
    file : binary file
        Read in blocks, so that a file of any size takes little memory.
    path : Path
        What the error names.
    start, end : callable
        ``name`` is without its namespace; ``text`` is the element's own, its children's left out.

    Returns
    -------
    bool
        Whether the file was whole; False where it ends in the middle (what came before was told).

    Raises
    ------
    FormatError
        For damaged XML that told nothing yet, entities (a bomb, or a way to other files), or a depth
        that no recording has.
    """
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    texts: list[list[str]] = []
    seen = 0

    def opened(name: str, attributes: dict[str, str]) -> None:
        nonlocal seen
        seen += 1
        if len(texts) >= _MAX_DEPTH:
            raise _Refused("it is nested too deeply")
        texts.append([])
        start(_local(name), attributes)

    def closed(name: str) -> None:
        end(_local(name), "".join(texts.pop())[:_MAX_TEXT])

    def entity(*_: object) -> None:
        raise _Refused("it defines entities, which no recording needs")

    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    parser.CharacterDataHandler = lambda text: texts[-1].append(text) if texts else None
    parser.EntityDeclHandler = entity
    parser.ExternalEntityRefHandler = lambda *_: 0
    try:
        while block := file.read(_BLOCK):
            parser.Parse(block, False)
        parser.Parse(b"", True)
    except _Refused as refusal:
        raise FormatError(f"The XML is refused: {refusal}", "Do not use it: export it again", path) from None
    except expat.ExpatError as error:
        if seen < 2:
            raise FormatError(f"The XML is damaged ({error})", "Export it again", path) from None
        return False
    return True


def _local(name: str) -> str:
    return name.rsplit("}", 1)[-1]
