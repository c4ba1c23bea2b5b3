r"""Labels and units, for two readers: a browser (HTML) and matplotlib (mathtext).

A label is plain text with mathematics between dollar signs, `Radius $R_{1.4}$`; a unit is plain text, `MeV fm^-3`,
`Msun`. The HTML is made from the small part of TeX that labels use; what is not understood is shown as it stands. All
text is escaped: a hostile label is only an ugly one.
"""

import html
import re
from collections.abc import Callable
from functools import cache, lru_cache

from retrodict.base.domains import installed

LONGEST = 200  # characters of a label that are shown
LONGEST_CAPTION = 2000
LONGEST_DRAWN = 56  # of them beside an axis, which has room for no more

_GREEK_NAMES = """alpha beta gamma delta epsilon varepsilon zeta eta theta kappa lambda mu nu xi pi rho sigma tau phi
varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"""
_GREEK = dict(zip(_GREEK_NAMES.split(), "αβγδϵεζηθκλμνξπρστϕφχψωΓΔΘΛΞΠΣΦΨΩ", strict=True))
_SYMBOLS = _GREEK | {
    "odot": "⊙",
    "times": "×",
    "pm": "±",
    "infty": "∞",
    "cdot": "·",
    "partial": "∂",
    "sim": "∼",
    "approx": "≈",
    "leq": "≤",
    "geq": "≥",
    "hbar": "ℏ",
    "ell": "ℓ",
    "%": "%",
    "$": "$",
    "_": "_",
    ",": " ",
    ";": " ",
    "!": "",
    " ": " ",
    "ln": "ln",
    "log": "log",
    "max": "max",
    "min": "min",
}
_COMBINING = {"tilde": "\u0303", "hat": "\u0302", "bar": "\u0304", "vec": "\u20d7", "dot": "\u0307"}
_UPRIGHT = {"mathrm", "text", "rm", "operatorname", "mathsf"}
_TOKEN = re.compile(r"\\([A-Za-z]+|.)|([_^{}])|([A-Za-z]+)|(.)", re.DOTALL)
_MINUS = "\u2212"
_PRINTED = {"+-": "±", "<=": "≤", ">=": "≥"}
_HYPHEN_AS_MINUS = re.compile(r"(?<![^\s([=<>|/…])-(?=[\d.])|(?<=\()-(?=\w)|(?<=\de)-(?=\d)|(?<=\s)-(?=\s)")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def escape(text: object) -> str:
    """HTML-escaped text, quotes included."""
    return html.escape(str(text), quote=True)


def label_html(label: str, longest: int = LONGEST) -> str:
    """A label with its `$...$` parts as HTML; what is longer than `longest` characters is cut."""
    parts = re.split(r"(?<!\\)\$", _short(label, longest))
    if len(parts) % 2 == 0:  # an unpaired dollar sign is just a character
        return escape(signs(_short(label, longest)))
    return "".join(
        _math_html(part) if i % 2 else escape(signs(part.replace(r"\$", "$"))) for i, part in enumerate(parts)
    )


def signs(text: str) -> str:
    """Text as it is printed: a true minus before numbers and between terms, and signs of one letter.

    Hyphens of names stay, `4U 1608-52`; so must commands, which are not to be passed here.

    Example:
        >>> signs("-1.3(2), 5e-05, tau = 1 +- 0.5 (<= 2) of 4U 1608-52")
        '−1.3(2), 5e−05, tau = 1 ± 0.5 (≤ 2) of 4U 1608-52'
    """
    for typed, printed in _PRINTED.items():
        text = text.replace(typed, printed)
    return _HYPHEN_AS_MINUS.sub(_MINUS, text)


def unit_html(unit: str) -> str:
    """`MeV fm^-3` with its exponent raised, `Msun` with its symbol; also of a sentence that holds units."""
    text = escape(signs(unit))
    text = re.sub(r"\^\(?(-?\d+(?:[./]\d+)?)\)?", lambda m: f"<sup>{m[1].replace('-', _MINUS)}</sup>", text)
    return _with_symbols(text, _math_html)


def label_mathtext(label: str) -> str:
    """A label that matplotlib can draw: as it stands if its mathematics parses, with plain dollar signs if not."""
    label = "$".join(
        part if i % 2 else signs(part) for i, part in enumerate(" ".join(_short(label).split()).split("$"))
    )
    if len(plain(label)) > LONGEST_DRAWN:
        label = plain(label)[: LONGEST_DRAWN - 1] + "…"
    return label if "$" not in label or _parses(label) else label.replace("$", r"\$")


def axis_mathtext(label: str, unit: str) -> str:
    """`label [unit]` for an axis."""
    return f"{label_mathtext(label)} [{unit_mathtext(unit)}]" if unit else label_mathtext(label)


def unit_mathtext(unit: str) -> str:
    """A unit for matplotlib, exponents raised."""
    text = _short(unit).replace("$", r"\$")
    text = re.sub(r"\^\(?(-?\d+(?:[./]\d+)?)\)?", _exponent, text)
    return _with_symbols(text, lambda tex: f"${tex}$")


def raised(number: int) -> str:
    """A whole number as superscripts.

    Example:
        >>> raised(-12)
        '⁻¹²'
    """
    return str(number).translate(_RAISED)


def _exponent(match: re.Match[str]) -> str:
    """In plain letters, which are drawn faster than mathematics; fractions have none."""
    return raised(int(match[1])) if match[1].lstrip("-").isdigit() else f"$^{{{match[1]}}}$"


def _with_symbols(text: str, typeset: Callable[[str], str]) -> str:
    """The units that a domain has symbols for, typeset."""
    for unit, tex in _symbols().items():
        text = re.sub(rf"\b{re.escape(unit)}\b", lambda _, tex=tex: typeset(tex), text)
    return text


@cache
def _symbols() -> dict[str, str]:
    """Unit -> TeX, of all domains."""
    return {unit: tex for domain in installed().domains.values() for unit, tex in domain.symbols.items()}


def plain(label: str) -> str:
    """A label without markup, for `alt` texts and file names."""
    return html.unescape(re.sub(r"<[^>]*>", "", label_html(label)))


def _short(text: str, longest: int = LONGEST) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


@lru_cache(maxsize=1024)
def _parses(label: str) -> bool:
    from matplotlib.mathtext import MathTextParser

    try:
        MathTextParser("path").parse(label)
    except ValueError:
        return False
    return True


def _math_html(source: str) -> str:
    return _sequence(_TOKEN.findall(source), upright=False)


def _sequence(tokens: list[tuple[str, str, str, str]], *, upright: bool) -> str:
    """HTML of a token list; consumes it up to the brace that closes the group."""
    out = []
    while tokens:
        if tokens[0][1] == "}":
            tokens.pop(0)
            break
        out.append(_atom(tokens, upright=upright))
    return "".join(out)


def _atom(tokens: list[tuple[str, str, str, str]], *, upright: bool) -> str:
    """HTML of the next token, with the group that it governs."""
    if not tokens:
        return ""
    command, structure, letters, other = tokens.pop(0)
    if structure == "{":
        return _sequence(tokens, upright=upright)
    if structure in ("_", "^"):
        tag = "sub" if structure == "_" else "sup"
        return f"<{tag}>{_atom(tokens, upright=upright)}</{tag}>"
    if command:
        return _command(command, tokens, upright=upright)
    if letters:
        return escape(letters) if upright else f"<i>{escape(letters)}</i>"
    return {"-": _MINUS, "~": " "}.get(other, escape(other or structure))


def _command(name: str, tokens: list[tuple[str, str, str, str]], *, upright: bool) -> str:
    if name in _UPRIGHT:
        return _atom(tokens, upright=True)
    if name in _COMBINING:
        return _accented(_atom(tokens, upright=upright), _COMBINING[name])
    if name == "sqrt":
        return f"√({_atom(tokens, upright=upright)})"
    return escape(_SYMBOLS.get(name, name))


def _accented(inner: str, mark: str) -> str:
    """The mark after the first visible character."""
    return re.sub(r"^((?:<[^>]*>)*(?:&[^;]+;|[^<]))", rf"\g<1>{mark}", inner)
