"""The command line: a dataclass for each command; `--help` is made from what is written here.

Run:    python -m synthdata measure --help
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from tyro.conf import Positional, UseAppendAction, arg

from synthdata.io.rows import Format, ReadConfig
from synthdata.io.streams import STDIN, parse_size
from synthdata.report.options import check_names
from synthdata.text.tokens import Policy

Files = Positional[Annotated[tuple[str, ...], arg(metavar="FILE ...")]]
Tokeniser = Literal["auto", "word", "character", "byte"]

_RAM = "256M"
_STREAM = (
    "One pass in bounded memory, any number of rows. Streams: documents, words, word pairs, "
    "characters and character 5-grams (how many, how many distinct, entropy, coverage, Hill "
    "numbers 0, 1 and 2, the commonest). Does not stream: near-duplicates, self-BLEU, Vendi, "
    "repeats, --by, --group, --sample, --embeddings, intervals by subsampling. What does not fit "
    "is estimated: at 256M types and entropy within 1.2 %, coverage within 1.2 points. Coverage "
    "takes words for independent, and reads high where a document repeats its own."
)


def _check_sides(data: tuple[str, ...], ref: str | None) -> None:
    """ValueError if both sides would be read from standard input."""
    if ref == STDIN and STDIN in data:
        raise ValueError("standard input can be read once: name a file for --ref, or for the data")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How files are read; every command has these."""

    text: str = "text"
    """Field with the text; a dotted path such as choices.0.message.content is allowed."""
    format: Format = "auto"
    """auto: by file name. lines: one document a line; blocks: documents between blank lines."""
    strict: bool = False
    """Stop at the first bad row instead of counting it."""
    max_row: str = "16M"
    """Longest row; longer ones are skipped unread and counted."""
    sample: int | None = None
    """Documents to use, drawn without replacement; the draw depends on the order of the rows."""
    seed: int = 0
    """Seed of all random draws."""
    tokens: Tokeniser = "auto"
    """Kind of token; auto: word. In scripts without spaces (Chinese, Japanese, Thai, Lao, Khmer,
    Burmese) a word is a single character."""
    case: Literal["keep", "fold"] = "keep"
    """fold: count Joke and joke as one word."""
    json: bool = False
    """Also print the result as JSON, on the last line (fields: synthdata/report/record.py)."""

    def __post_init__(self) -> None:
        check_names(self)
        parse_size(self.max_row)
        if self.sample is not None and self.sample < 1:
            raise ValueError(f"--sample is at least 1 document, got {self.sample}")
        if not 0 <= self.seed <= 2**62:
            raise ValueError(f"--seed is from 0 to 2^62, got {self.seed}")

    def read(self, *columns: str) -> ReadConfig:
        """Settings for `synthdata.io.reader`; `columns` are the fields needed besides the text."""
        return ReadConfig(
            text=self.text,
            format=self.format,
            strict=self.strict,
            max_row=parse_size(self.max_row),
            columns=columns,
        )

    @property
    def policy(self) -> Policy:
        """Normalisation before counting."""
        return Policy(case=self.case)

    @property
    def tokeniser(self) -> str | None:
        """Kind of token; None lets the text decide."""
        return None if self.tokens == "auto" else self.tokens


@dataclass(frozen=True, kw_only=True)
class MeasureOptions(Reading):
    """Measure the variety of a collection: entropy, coverage, Hill numbers, overlap, repeats."""

    data: Files
    """Files, globs, s3://..., or - for standard input: JSONL, JSONL.gz, text, CSV, Parquet."""
    by: str | None = None
    """Field (persona, prompt, model); adds the share of the entropy that it explains."""
    group: str | None = None
    """Field whose value dependent documents share (prompt, author); none: all are independent."""
    embeddings: str | None = None
    """A .npy file with one vector per row, for Vendi scores and mean cosine of your own vectors."""
    strip: bool = False
    """First remove passages found in over 90 % of the documents (a prompt, a header)."""
    html: str | None = None
    """Write the report as one self-contained HTML file."""
    stream: Annotated[bool, arg(help=_STREAM)] = False
    """One pass in bounded memory; `--help` lists its measures."""
    ram: str = _RAM
    """Memory for --stream (K, M, G), beyond that of Python and its libraries."""
    meter: str | None = None
    """With --stream: file of counts to continue from and save to; meters given as FILEs merge."""
    engine: Literal["local", "ray"] = "local"
    """With --stream: ray distributes the files over a Ray cluster, with the same result."""

    def __post_init__(self) -> None:
        super().__post_init__()
        parse_size(self.ram)
        if self.stream:
            for name, value in (
                ("--by", self.by),
                ("--group", self.group),
                ("--sample", self.sample),
                ("--embeddings", self.embeddings),
                ("--strip", self.strip or None),
            ):
                if value is not None:
                    raise ValueError(f"{name} needs the texts in memory; leave out --stream")
        elif self.engine != "local" or self.meter is not None or self.ram != _RAM:
            raise ValueError("--ram, --engine and --meter belong to --stream; add it")


@dataclass(frozen=True, kw_only=True)
class CompareOptions(Reading):
    """Test whether a collection is less varied than a reference at equal terms."""

    data: Files
    """The collection under test."""
    ref: str
    """The reference: a file or a glob."""
    ref_text: str | None = None
    """Field with the reference's text, if it differs from --text."""
    group: str | None = None
    """Field whose value dependent documents share (prompt, author); none: all are independent."""
    ref_group: str | None = None
    """The same field in the reference, if its name differs; none: documents are independent."""
    match: Literal["tokens", "size", "coverage", "window"] = "tokens"
    """Quantity equalised before comparing. window: the same number of first words of every
    document; for sides whose documents differ in length."""
    strip: bool = False
    """First remove passages found in over 90 % of the documents (a prompt, a header)."""
    html: str | None = None
    """Write the report as one self-contained HTML file."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_sides(self.data, self.ref)


@dataclass(frozen=True, kw_only=True)
class GateOptions(Reading):
    """Yes (exit code 0), no (1), or not enough data to tell (2); 3 is a usage or input error."""

    data: Files
    """The collection under test."""
    rule: UseAppendAction[tuple[str, ...]] = ()
    """Condition such as 'hill1_ratio>=0.8'; repeatable, and all must hold."""
    ref: str | None = None
    """The reference, for rules that compare."""
    ref_text: str | None = None
    """Field with the reference's text, if it differs from --text."""
    group: str | None = None
    """Field whose value dependent documents share (prompt, author); none: all are independent."""
    ref_group: str | None = None
    """The same field in the reference, if its name differs; none: documents are independent."""
    match: Literal["tokens", "size", "coverage", "window"] = "tokens"
    """Quantity equalised before comparing. window: the same number of first words of every
    document; for sides whose documents differ in length."""
    strip: bool = False
    """First remove passages found in over 90 % of the documents (a prompt, a header)."""
    html: str | None = None
    """Write the report as one self-contained HTML file."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_sides(self.data, self.ref)
        if not self.rule:
            raise ValueError("a gate needs a rule, for example --rule 'near_duplicates<=0.02'")


@dataclass(frozen=True, kw_only=True)
class ExplainOptions(Reading):
    """Show what repeats: the commonest outputs, near-duplicates, templates, repeated passages."""

    data: Files
    """Files, globs, s3://..., or - for standard input."""
    top: int = 3
    """Examples of each kind."""
    strip: bool = False
    """First remove passages found in over 90 % of the documents (a prompt, a header)."""
    html: str | None = None
    """Write the report as one self-contained HTML file."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.top < 1:
            raise ValueError(f"--top is at least 1 example, got {self.top}")


@dataclass(frozen=True, kw_only=True)
class CurateOptions(Reading):
    """Write the rows worth keeping, unchanged, and say why the others were dropped."""

    data: Files
    """Files, globs, s3://..., or - for standard input."""
    out: Annotated[str, arg(aliases=["-o"])]
    """File for the kept rows; .gz compresses it."""
    drop: str = "near-duplicates,boilerplate,low-information"
    """Kinds of rows to drop, separated by commas; none drops nothing."""
    cap_per_cluster: int | None = None
    """Most documents to keep of each cluster of near-duplicates, instead of one."""
    budget: int | None = None
    """Number of documents to keep: those that together have the most distinct n-grams."""
    reasons: str | None = None
    """Write a JSON line for each dropped row: file, line, reason."""
    strip: bool = False
    """Choose by the text without passages found in over 90 % of the documents (a prompt, a header);
    rows are written unchanged, with them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        from synthdata.similarity.curation import WASTE

        unknown = [name for name in self.wastes if name not in WASTE]
        if unknown:
            raise ValueError(f"cannot drop {unknown[0]!r}; choose among {', '.join(WASTE)}, none")

    @property
    def wastes(self) -> tuple[str, ...]:
        """`drop` as a list."""
        names = tuple(name.strip() for name in self.drop.split(",") if name.strip())
        return () if names == ("none",) else names
