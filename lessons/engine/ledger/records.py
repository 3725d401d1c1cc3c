"""The ledger's records: evidence beside each experiment, rows, registrations, and history.

Idea:   lessons/lNN_name/evidence.json has one entry per seed, with the hash of all the code that
        measured it; fingerprint.json has that code's results in small; lessons/ledger.json has the
        rows judged from the evidence, the criteria registered before measuring, the rows replaced
        by later ones, and every seed ever measured.
Run:    used by lessons.engine.ledger.command
Omits:  measuring and printing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from labkit import files, freshness
from labkit.experiment import Finding, to_decide
from labkit.versions import machine, versions
from lessons.engine import catalogue
from lessons.engine.experiment import TOO_FEW, Evidence, Experiment, overall

LEDGER = "ledger.json"
EVIDENCE = "evidence.json"
FINGERPRINT = "fingerprint.json"


# The ledger's file.


def load(path: Path = catalogue.FOLDER / LEDGER) -> dict[str, Any]:
    """{"rows": [...], "registered": {id: ...}, "history": [...], "measured": {id: seeds}}; empty if
    there is no file."""
    found: dict[str, Any] = {"rows": [], "registered": {}, "history": [], "measured": {}}
    if path.exists():
        found |= _with(files.read_json(path), {}, f"{path}")
    kinds = {"rows": list, "history": list, "registered": dict, "measured": dict}
    for name, kind in kinds.items():
        if not isinstance(found[name], kind):
            raise ValueError(f"{path}: {name} is a {kind.__name__}, got {found[name]!r:.40}")
    for row in [*found["rows"], *found["history"]]:
        _with(row, {"id": str}, f"{path}: a row")
    for fixed in found["registered"].values():
        wanted = {"criteria": list, "seeds": int, "code": str, "date": str}
        _with(fixed, wanted, f"{path}: a registration")
    _with(found["measured"], dict.fromkeys(found["measured"], list), f"{path}: measured")
    return found


def _with(record: Any, wanted: Mapping[str, type | tuple[type, ...]], what: str) -> Any:
    """`record`, if it is a dictionary with such entries; otherwise ValueError, in one line."""
    if not isinstance(record, dict):
        raise ValueError(f"{what} is a dictionary, got {record!r:.40}; restore it from git")
    for name, kind in wanted.items():
        if not isinstance(record.get(name), kind):
            got = repr(record.get(name, "nothing"))[:40]
            raise ValueError(f"{what} has no {name} that can be used, got {got}; restore it")
    return record


def whole(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows, each with everything that is printed; ValueError if something is missing."""
    words = [
        "claim_verdict",
        "claim",
        "source",
        "criterion",
        "verdict",
        "profile",
        "date",
        "machine",
    ]
    wanted: dict[str, type | tuple[type, ...]] = dict.fromkeys(words, str)
    number = (int, float)
    wanted |= {"value": number, "seconds": number, "seeds": int, "versions": dict}
    wanted |= dict.fromkeys(("low", "high"), (*number, type(None)))
    return [_with(row, wanted, f"the ledger's row of {row['id']}") for row in rows]


def read(path: Path = catalogue.FOLDER / LEDGER) -> list[dict[str, Any]]:
    """The rows of the ledger; none if nothing has been measured."""
    rows: list[dict[str, Any]] = load(path)["rows"]
    return rows


def today() -> str:
    """The date in Greenwich, in the ledger's format."""
    return datetime.now(UTC).date().isoformat()


# What was measured.


def entries(folder: Path) -> list[dict[str, Any]]:
    """Entries of a lesson's evidence.json: evidence, hash of its code, seconds, date, machine."""
    path = folder / EVIDENCE
    found: list[dict[str, Any]] = files.read_json(path) if path.exists() else []
    if not isinstance(found, list):
        raise ValueError(f"{path} is a list, got {found!r:.40}; restore it from git")
    wanted: dict[str, Any] = {"evidence": dict, "code": str, "seconds": (int, float), "date": str}
    for entry in found:
        _with(entry, wanted, f"{path}: an entry")
        _with(entry["evidence"], {"seed": int, "profile": str}, f"{path}: evidence")
    return found


def fingerprint(folder: Path) -> dict[str, Any] | None:
    """Small-scale results of the code that measured; None if they were not kept."""
    path = folder / FINGERPRINT
    wanted = {"processor": str, "versions": dict, "own": str}
    found = _with(files.read_json(path), wanted, f"{path}") if path.exists() else None
    if found is not None and not {"evidence", "full"} <= found.keys():
        raise ValueError(f"{path} has no evidence or no settings; restore it from git")
    return found


def published(lesson: str | int) -> list[dict[str, Any]]:
    """The evidence behind a lesson's rows, one per seed; none if nothing has been measured.

    `find(lesson).figure(published(lesson))` is the published figure.
    """
    return [entry["evidence"] for entry in entries(catalogue.find(lesson).folder)]


def minutes(experiment: Experiment, path: Path = catalogue.FOLDER / LEDGER) -> float:
    """Core minutes per seed at full profile, to a tenth: as measured or, before that, as the
    experiment states."""
    seconds = [row["seconds"] for row in read(path) if row["id"] == experiment.id]
    return round(seconds[0] / 60, 1) if seconds else experiment.minutes


def about(seconds: float) -> dict[str, Any]:
    """Date, duration, versions and kind of machine; no names, no paths.

    Seconds are processor time: the time of a seed on an otherwise idle core. Wall-clock time would
    depend on other processes.
    """
    return {
        "seconds": round(seconds, 1),
        "versions": versions(*freshness.PACKAGES),
        "machine": machine(),
        "date": today(),
    }


def ever_measured(name: str, folder: Path) -> set[int]:
    """Every seed that a lesson has measured at full profile, including dropped evidence."""
    kept = {entry["evidence"]["seed"] for entry in entries(folder)}
    return kept | set(load(folder.parent / LEDGER)["measured"].get(name, []))


def remember(name: str, seeds: Iterable[int], path: Path) -> None:
    """Record permanently in the ledger that these seeds have been measured."""
    ledger = load(path)
    if new := set(seeds) - set(ledger["measured"].get(name, [])):
        ledger["measured"][name] = sorted(new | set(ledger["measured"].get(name, [])))
        files.write_json(path, ledger)


# Has the measuring code changed?


def code_hash(folder: Path) -> str:
    """SHA-256 of all the code that a lesson's experiment reaches (labkit.freshness)."""
    return freshness.code_hash(folder / "experiment.py")


def state(folder: Path, now: Mapping[str, Any]) -> tuple[freshness.State, str]:
    """A measured lesson's state, and where its behaviour differs; `now` is a new fingerprint.

    Without a fingerprint from the time of measuring, changed code counts as changed behaviour.
    """
    then, code = fingerprint(folder), code_hash(folder)
    same = all(entry["code"] == code for entry in entries(folder))
    if then is None:
        return ("fresh", "") if same else ("stale by behaviour", "no fingerprint was kept")
    return freshness.state(now, then, same_code=same)


def may_be_shown(folder: Path, experiment: Experiment) -> bool:
    """Is the published evidence from this lesson's own code and settings? A notebook asks no more;
    the tests check whether the rest still behaves the same."""
    then = fingerprint(folder)
    if then is None:
        return all(entry["code"] == code_hash(folder) for entry in entries(folder))
    now = freshness.fingerprint(None, experiment.sizes.get("full"))["full"]
    return bool(then["full"] == now and then["own"] == own_hash(folder))


def renew(folder: Path) -> None:
    """Take the present experiment.py for the one that measured, as far as notebooks are concerned.

    The ledger's row still says that the code has changed. Only for code whose fingerprint is made
    again as it was.
    """
    then = fingerprint(folder)
    if then is not None:
        files.write_json(folder / FINGERPRINT, {**then, "own": own_hash(folder)})


def own_hash(folder: Path) -> str:
    """SHA-256 of the statements in a lesson's experiment.py alone."""
    return files.sha256("\n".join(sorted(freshness.statements(folder / "experiment.py"))))


# Rows.


def as_rows(
    experiment: Experiment, evidence: Sequence[Evidence], told: dict[str, Any], registered: str = ""
) -> list[dict[str, Any]]:
    """The ledger's rows of one claim, one per criterion; `verdict` is that of the whole claim.

    With fewer than two seeds there is no interval: its ends are null.
    """
    judged = experiment.judge(evidence)
    whole = overall(judged)
    return [
        {
            "id": experiment.id,
            "claim": experiment.claim,
            "source": experiment.source,
            **_judged(row),
            **_open(row, told["seconds"]),
            "claim_verdict": whole,
            "registered": registered,
            "profile": evidence[0]["profile"],
            **{key: told[key] for key in ("seconds", "versions", "machine", "date")},
        }
        for row in judged
    ]


def _all(told: Iterable[str]) -> str:
    """Each entry once; seeds may have been measured on several machines."""
    return "; ".join(dict.fromkeys(told))


def follows(experiment: Experiment, folder: Path) -> bool:
    """Do the ledger's rows of an experiment follow from the evidence of its judged seeds? Not while
    a run is unfinished, and not if they were edited. True if there are no rows."""
    rows = [row for row in read(folder.parent / LEDGER) if row["id"] == experiment.id]
    if not rows:
        return True
    evidence = [entry["evidence"] for entry in entries(folder)]
    if {one["seed"] for one in evidence} != set(experiment.judged):
        return False
    return rows == as_rows(experiment, evidence, whole(rows)[0], rows[0].get("registered", ""))


def _judged(row: Finding) -> dict[str, Any]:
    criterion, found = row.criterion, row.measured
    interval = found.n > 1 and not criterion.once
    return {
        "criterion": str(criterion),
        **{key: value for key, value in asdict(criterion).items() if key != "quantity"},
        "value": found.value,
        "low": found.low if interval else None,
        "high": found.high if interval else None,
        "seeds": found.n,
        "verdict": row.verdict or TOO_FEW,
    }


def _open(row: Finding, seconds: float) -> dict[str, str]:
    """The effort to decide, if the row is undecided."""
    if row.verdict != "undecided":
        return {}
    return {"to_decide": to_decide(row.values, row.criterion, seconds)}


def enter(experiment: Experiment, kept: Sequence[dict[str, Any]], path: Path) -> None:
    """Judge the kept evidence and replace the old rows by its rows; the old ones become history.

    Fewer seeds than were fixed, or others, remain mere evidence: an unfinished run enters nothing.
    """
    if {entry["evidence"]["seed"] for entry in kept} != set(experiment.judged):
        return
    ledger = load(path)
    for entry in kept:
        _with(entry, {"machine": str, "versions": dict}, f"{experiment.id}: an entry of evidence")
    evidence = [entry["evidence"] for entry in kept]
    seconds = median(entry["seconds"] for entry in kept)
    told = {
        "seconds": round(seconds, 1),
        "date": max(e["date"] for e in kept),
        "machine": _all(e["machine"] for e in kept),
        "versions": {
            name: _all(e["versions"].get(name, "none") for e in kept)
            for name in kept[-1]["versions"]
        },
    }
    said = registration_words(ledger["registered"].get(experiment.id), experiment, kept)
    rows = as_rows(experiment, evidence, told, said)
    old = [row for row in ledger["rows"] if row["id"] == experiment.id]
    if old and old != rows:
        ledger["history"] += [{**row, "replaced": today()} for row in old]
    others = [row for row in ledger["rows"] if row["id"] != experiment.id]
    order = [lesson.name for lesson in catalogue.lessons(having="experiment.py")]
    ledger["rows"] = sorted(
        [*others, *rows],
        key=lambda row: order.index(row["id"]) if row["id"] in order else len(order),
    )
    files.write_json(path, ledger)
    remember(experiment.id, experiment.judged, path)


# Registered before measuring.


def registration(experiment: Experiment, folder: Path) -> dict[str, Any]:
    """Values fixed before a run: criteria, seeds, and the hash of the code; `seen` are the hashes
    of other code that had measured by then, `used` the seeds that had been measured."""
    code = code_hash(folder)
    return {
        "criteria": [asdict(criterion) for criterion in experiment.criteria],
        "seeds": experiment.seeds,
        "first_seed": experiment.first_seed,
        "code": code,
        "seen": sorted({entry["code"] for entry in entries(folder)} - {code}),
        "used": sorted(ever_measured(experiment.id, folder)),
        "date": today(),
    }


def registration_words(
    registered: Mapping[str, Any] | None,
    experiment: Experiment,
    kept: Sequence[Mapping[str, Any]],
) -> str:
    """Words for the row on whether the criteria were fixed before measuring."""
    if registered is None:
        return "not registered before the run"
    if known := set(registered.get("used", [])) & set(experiment.judged):
        return f"not registered: seed {min(known)} had been measured before"
    changed = []
    if registered["criteria"] != [asdict(criterion) for criterion in experiment.criteria]:
        changed.append("the criteria")
    if registered["seeds"] != experiment.seeds:
        changed.append("the number of seeds")
    if registered.get("first_seed", 0) != experiment.first_seed:
        changed.append("which seeds")
    if any(entry["code"] != registered["code"] for entry in kept):
        changed.append("the code that measures")
    seen = registered.get("seen", [])
    if any(entry["date"] < registered["date"] or entry["code"] in seen for entry in kept):
        return f"registered on {registered['date']}, after some of it was measured"
    if changed:
        return f"registered before, on {registered['date']}; changed since: {', '.join(changed)}"
    return f"registered before, on {registered['date']}"
