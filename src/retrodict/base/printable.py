"""Text that comes from files, made safe to print: no control character of a file ever reaches a terminal."""

import re
from typing import Final

# C0 but tab and line feed, DEL and C1; marks that turn the direction of writing; halves of surrogate pairs.
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_READABLE: Final = re.compile(rb"[\x20-\x7e]{9,}")
CONTROLS: Final = 0.02  # share of the bytes; a text may hold a stray one
WIDE: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")  # byte order marks of UTF-16 and UTF-32
FIRST: Final = 16  # bytes of a binary file that a message shows
SHORTEST: Final = 9  # characters of a readable piece: shorter ones are met by chance
WORDS: Final = 4  # readable pieces of it
LONGEST: Final = 40  # characters of each


def printable(text: str) -> str:
    r"""The text with each control character as an escape such as `\x1b`; line feeds and tabs stay.

    Args:
        text: any text, such as a name that a file gives to a column.

    Example:
        >>> print(printable("conf.1\x00\x1b[31m"))
        conf.1\x00\x1b[31m
    """
    return _UNPRINTABLE.sub(_escaped, text)


def is_binary(head: bytes) -> bool:
    """Whether the first bytes of a file are no text: more than a few of them are control characters.

    Args:
        head: the first bytes of a file; texts in UTF-16 and UTF-32 count as such, as no reader takes them.

    Example:
        >>> is_binary(b"mass,radius\\n1.4,12\\n"), is_binary(b"Eg\\x89\\xab\\x00\\x01")
        (False, True)
    """
    if head.startswith(WIDE):
        return True
    controls = len(head) - len(head.translate(None, bytes([*range(7), 11, *range(14, 27), *range(28, 32), 127])))
    return controls > CONTROLS * len(head)


def described(head: bytes) -> str:
    """What a message says of a file that nobody knows, from its first bytes.

    Args:
        head: the first bytes of the file.

    Example:
        >>> described(b"\\x00\\x01made-by-us")
        'a binary file that begins with 00 01 6d 61 64 65 2d 62 79 2d 75 73; readable in it: made-by-us'
    """
    if not head:
        return "an empty file"
    if head.startswith(WIDE):
        return "a text in UTF-16 or UTF-32, by its byte order mark: convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)"
    if not is_binary(head):
        return f"a text that begins with {head[:FIRST].decode('utf-8', 'replace')!r}"
    words = [word.decode("ascii").strip()[:LONGEST] for word in _READABLE.findall(head)]
    words = [word for word in dict.fromkeys(words) if _is_word(word)][:WORDS]
    readable = f"; readable in it: {', '.join(words)}" if words else ""
    return f"a binary file that begins with {head[:FIRST].hex(' ')}{readable}"


def _is_word(text: str) -> bool:
    """Whether a run of printable bytes looks written, not drawn by chance: mostly letters, digits and blanks."""
    return len(text) >= SHORTEST and sum(c.isalnum() or c in " -_./<>" for c in text) >= 0.9 * len(text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
