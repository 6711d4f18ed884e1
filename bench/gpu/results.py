"""What was measured, as it is kept in JSON: rows, limits, ratios."""

import dataclasses
import statistics

from cases import BYTES, Case
from samples import Samples


@dataclasses.dataclass
class Row(Samples):
    """One contender of a case."""

    name: str
    # ok, wrong, unsupported, missing, slow, failed
    status: str = "ok"
    why: str = ""
    detail: str = ""
    error: float | None = None  # the largest, against f64 rows
    seconds: list = dataclasses.field(default_factory=list)
    calls: int = 1  # of a sample
    graph: bool = False  # whether a sample is a CUDA graph

    @property
    def is_ours(self):
        return self.name == "ours" or self.name.startswith("ours ")

    def to_json(self):
        entry = dataclasses.asdict(self)
        if self.seconds:
            entry |= {"median_ms": 1e3 * self.median, "min_ms": 1e3 * self.best}
        return entry

    @classmethod
    def from_json(cls, entry):
        derived = ("median_ms", "min_ms")
        return cls(**{k: v for k, v in entry.items() if k not in derived})


@dataclasses.dataclass
class Result:
    """A case: its contenders, and the limits in the same rounds."""

    case: Case
    rows: list
    limits: dict = dataclasses.field(default_factory=dict)  # name: [rate a second]
    rounds: int = 0
    sets: int = 1  # copies of the problem that calls take in turns
    bound: float | None = None  # of the error of ours
    own_error: float | None = None  # of a program in torch, at the type
    notes: list = dataclasses.field(default_factory=list)

    @property
    def is_only_checked(self):
        """Whether one of ours is right, and none was timed."""
        ours = [row for row in self.rows if row.is_ours and row.status == "ok"]
        return bool(ours) and not any(row.seconds for row in ours)

    def row(self, name):
        """A contender that was timed, or None."""
        for row in self.rows:
            if row.name == name and row.seconds:
                return row
        return None

    def limit(self, name):
        rates = self.limits.get(name)
        return statistics.median(rates) if rates else None

    def case_of(self, row):
        dense = self.case.dense_case() if row.name == "dense" else None
        return dense or self.case

    def flops_rate(self, row, best=False):
        seconds = row.best if best else row.median
        return self.case_of(row).flops() / seconds

    def bytes_rate(self, row, best=False):
        seconds = row.best if best else row.median
        return self.case_of(row).read_bytes() / seconds

    def ratio(self, peer, name="ours"):
        """How many times longer `peer` takes than ours, or None."""
        ours, other = self.row(name), self.row(peer)
        return other.median / ours.median if ours and other else None

    def share(self, row):
        """(share of the tightest limit, its name), or None. f32 has no products
        on matrix units here, and no such limit."""
        case, bounds = self.case_of(row), {}
        if self.limit("copy"):
            bounds["copy"] = case.read_bytes() / self.limit("copy")
        if self.limit("matmul") and BYTES[case.dtype] == 2:
            bounds["matmul"] = case.flops() / self.limit("matmul")
        if not bounds:
            return None
        tightest = max(bounds, key=bounds.get)
        return bounds[tightest] / row.median, tightest

    def to_json(self):
        return {
            "case": self.case.to_json(),
            "flops": self.case.flops(),
            "read_bytes": self.case.read_bytes(),
            "rounds": self.rounds,
            "sets": self.sets,
            "bound": self.bound,
            "own_error": self.own_error,
            "notes": self.notes,
            "rows": [row.to_json() for row in self.rows],
            "limits": self.limits,
        }

    @classmethod
    def from_json(cls, entry):
        derived = ("flops", "read_bytes")
        entry = {k: v for k, v in entry.items() if k not in derived}
        entry["case"] = Case.from_json(entry["case"])
        entry["rows"] = [Row.from_json(row) for row in entry["rows"]]
        return cls(**entry)
