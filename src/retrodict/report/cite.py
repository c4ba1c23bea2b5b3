"""What to cite, and a paragraph that says what was done: for the methods section of a paper."""

from collections.abc import Iterable, Mapping

from retrodict.base.references import Reference, bibtex, find
from retrodict.base.types import JSON
from retrodict.report.html import Safe, join, tag
from retrodict.run.result import Result

SOFTWARE = ("jax2018", "equinox2021", "numpy2020", "scipy2020", "xarray2017", "matplotlib2007")
_KINDS = {
    "exact": "samples the posterior",
    "approximate": "approximates the posterior",
    "point": "finds the most probable cause and gives no uncertainty",
}

_KINDS_OF_MEANS = {
    "exact": "samples the distribution exactly in the limit of long chains",
    "approximate": "samples the distribution with a bias",
}


def keys(result: Result, extra: Iterable[str] = ()) -> list[str]:
    """BibTeX keys of the program, of the method and the data, and of the software underneath."""
    chains = ("vehtari2021",) if result.diagnostics.get("rhat") is not None else ()
    weights = ("vehtari2024",) if result.diagnostics.get("pareto_k") is not None else ()
    return list(dict.fromkeys(["retrodict", *result.references, *extra, *chains, *weights, *SOFTWARE]))


def citations(result: Result, extra: Iterable[str] = ()) -> str:
    """The content of `CITATION.bib`."""
    return bibtex(keys(result, extra))


def references_list(result: Result, extra: Iterable[str] = ()) -> Safe:
    """The same for people: authors, title, source, link."""
    return tag("ol", *(tag("li", _entry(entry)) for entry in find(keys(result, extra))), class_="references")


def methods_paragraph(result: Result) -> str:
    """Plain sentences, ready to be put into a paper and corrected there."""
    attributes, figures = result.tree.attrs, result.diagnostics
    method = str(attributes["method"])
    cited = [entry.short for entry in find(result.references)]
    sources = f" (after {'; '.join(cited)})" if cited else ""
    kinds = _KINDS_OF_MEANS if result.estimated else _KINDS
    kind = kinds.get(str(figures.get("kind")), "was run")
    sentences = [
        f"The inference was done with Retrodict {attributes['retrodict_version']}, target {attributes['target']},"
        f" by the method {method}{sources}, which {kind}; random seed {attributes['seed']}.",
        _effort(figures),
        _fit(result),
        _information(figures),
        _meaning_of_errors(result),
        "" if result.estimated else "All computations used 64-bit floating-point numbers.",
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _meaning_of_errors(result: Result) -> str:
    if result.diagnostics.get("kind") == "point":
        return ""
    if result.estimated:
        return "Values are means over the configurations, and what follows from means; errors are standard errors."
    return "Intervals are central credible intervals of 68 and 95 %; values are medians."


def _effort(figures: Mapping[str, JSON]) -> str:
    drawn = f"{figures.get('chains', 1)} chains of {figures.get('draws', 1)} draws were kept"
    if figures.get("kind") == "point":
        return ""
    if figures.get("rhat") is not None:
        return (
            f"{drawn}; rank-normalised split R-hat is at most {figures['rhat']:.3f} and the bulk effective sample size"
            f" at least {figures.get('ess_bulk') or 0:.0f} for every reported quantity."
        )
    if figures.get("weight_ess") is not None:
        k = figures.get("pareto_k")
        tail = f" (Pareto k = {k:.2f})" if k is not None else ""
        total = int(figures.get("chains", 1)) * int(figures.get("draws", 1))
        return f"{total} weighted draws leave {figures['weight_ess']:.0f} effective ones{tail}."
    return f"{drawn}."


def _fit(result: Result) -> str:
    fit = result.fit
    if not fit:
        return ""
    return (
        f"The best draw has chi-squared {fit['chi2']:.1f} for {fit['dof']:.1f} degrees of freedom (p = {fit['p']:.2g})."
    )


def _information(figures: Mapping[str, JSON]) -> str:
    rank, latents = figures.get("effective_rank"), figures.get("latents")
    if rank is None or latents is None:
        return ""
    return (
        f"The data determine {rank:.1f} of the {latents} latent directions (effective rank of the whitened Jacobian)."
    )


def _entry(entry: Reference) -> Safe:
    title = tag("i", entry.fields.get("title", entry.key))
    link = tag("a", "link", href=entry.url, rel="noreferrer") if entry.url.startswith("https://") else None
    source = f", {entry.source}" if entry.source else ""
    return join([f"{entry.short}: ", title, source, ". " if link else ".", link])
