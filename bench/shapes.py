"""What is measured: cases, their work, and the arrays they run on."""

import dataclasses
import itertools
import json
import mmap
import os

import numpy as np

import block

CONFIGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "configs")
BLOCK_KINDS = ("block-score", "block-decode", "block-model")
KINDS = ("prefill", "decode", "sparq", "star", "star-decode", *BLOCK_KINDS)
# Kinds whose cases generate text, step by step.
GENERATIONS = ("block-decode", "block-model")
# Kinds with a table of their own.
SECTIONS = {"sparq": "sparq", "star": "star", "star-decode": "star"}
SECTIONS |= {kind: "block" for kind in BLOCK_KINDS}
DTYPES = {"f32": 4, "f16": 2, "bf16": 2}
PEERS = ("torch", "iree", "ort")

# Modifiers of the plain kernel, with the one parameter each has.
MODIFIERS = {
    "none": 0,
    "window": 511,  # keys to the left of the diagonal; right 0
    "softcap": 30,
    "bias": 0,  # additive, [1, heads, seq_q, seq_kv]
    "alibi": 0,  # a score region that reads a slope per head
    "mask": 0,  # boolean, [1, 1, seq_q, seq_kv], half of it true
}

# What numbers the arrays hold: N(0, 1), or with channels of q and k that are
# far larger than the others, as trained models have them.
VALUES = ("normal", "outliers")
OUTLIER_EVERY, OUTLIER_FACTOR = 16, 3
REALLOC = ("auto", "on", "off")


@dataclasses.dataclass(frozen=True)
class Case:
    """One attention problem; the names are those of the dialect."""

    kind: str
    dtype: str
    batch: int
    heads: int
    kv_heads: int
    seq_q: int
    seq_kv: int
    head_dim: int
    causal: bool = False
    modifier: str = "none"
    # Head dimension and length of the plain kernel timed beside it, or None.
    plain: tuple | None = None
    # SparQ: components of the query, keys kept, newest keys always kept.
    rank: int = 0
    top_k: int = 0
    local_window: int = 0
    realloc: bool = False
    values: str = "normal"
    # Star: context blocks, and keys of the anchor.
    blocks: int = 0
    anchor_size: int = 0
    # Ranks whose partial results a decode step merges.
    parts: int = 0
    # Block Transformer: tokens of a block, vectors of a prefix, layers of both
    # decoders together; tokens of the prompt, and positions after it that are
    # timed. A block_len of 0 is the vanilla transformer beside it.
    block_len: int = 0
    prefix_len: int = 0
    num_layers: int = 0
    prompt: int = 0
    points: int = 0
    # The whole model: its tokens, and the GiB it may take (0: as `batch` says).
    vocab: int = 0
    memory: int = 0
    complete: bool = False  # whether a whole generation is timed beside it
    threads: tuple = (1, 2)
    peers: tuple = PEERS

    @property
    def group(self):
        return self.heads // self.kv_heads

    @property
    def section(self):
        """The table that the case belongs in; "" is that of all others."""
        return SECTIONS.get(self.kind, "")

    @property
    def block_size(self):
        return -(-self.seq_kv // self.blocks)

    @property
    def name(self):
        size = f"{self.memory}GiB" if self.memory else f"b{self.batch}"
        parts = [self.kind, self.dtype, size]
        parts += [f"h{self.heads}/{self.kv_heads}"]
        whole = self.kind == "sparq" or self.kind in GENERATIONS
        if self.seq_q == self.seq_kv or whole:
            parts += [f"s{self.seq_kv}"]
        else:
            parts += [f"q{self.seq_q}", f"s{self.seq_kv}"]
        parts += [f"d{self.head_dim}"]
        if self.causal and self.kind != "star":
            parts += ["causal"]
        if self.modifier != "none":
            parts += [self.modifier]
        if self.kind == "sparq":
            parts += [f"r{self.rank}", f"k{self.top_k}", f"l{self.local_window}"]
            parts += ["realloc"] if self.realloc else []
            parts += [self.values] if self.values != "normal" else []
        if self.kind == "star":
            parts += [f"n{self.blocks}", f"a{self.anchor_size}"]
        if self.kind == "star-decode":
            parts += [f"p{self.parts}"]
        if self.kind in GENERATIONS:
            parts += [f"n{self.num_layers}", f"l{self.block_len}"]
            parts += [f"p{self.prefix_len}", f"at{self.points}"]
        if self.kind == "block-model":
            parts += [f"v{self.vocab}"] + ["complete"] * self.complete
        return " ".join(parts)

    def visible_pairs(self):
        """(query, key) pairs of one head that the output depends on."""
        if not self.causal and self.modifier not in ("window", "mask"):
            return self.seq_q * self.seq_kv
        if self.modifier == "mask":  # all tiles are read; half is visible
            return self.seq_q * self.seq_kv
        i = np.arange(self.seq_q, dtype=np.int64)
        if self.kind == "star":
            start = i // self.block_size * self.block_size
            return int((i - start + 1 + np.minimum(start, self.anchor_size)).sum())
        high = np.minimum(i + 1, self.seq_kv)
        low = np.zeros_like(i)
        if self.modifier == "window":
            low = np.maximum(i - MODIFIERS["window"], 0)
        return int(np.maximum(high - low, 0).sum())

    def flops(self):
        """Two products, a multiplication and an addition each."""
        if self.kind == "sparq":
            chosen = 2 * min(self.top_k, self.seq_kv) * self.head_dim
            return 2 * self.batch * self.heads * (self.seq_kv * self.rank + chosen)
        if self.kind == "block-decode":
            return block.attention_flops(self)
        if self.kind == "block-model":
            return block.model_flops(self)
        return 4 * self.batch * self.heads * self.visible_pairs() * self.head_dim

    def kv_bytes(self):
        """Bytes that must be read of K and V, or of what SparQ keeps of them."""
        size = DTYPES[self.dtype]
        if self.kind == "sparq":
            chosen = 2 * min(self.top_k, self.seq_kv) * self.head_dim
            elements = self.seq_kv * self.rank + chosen + 4 * self.head_dim
            return self.batch * self.kv_heads * elements * size
        if self.kind == "block-decode":
            return size * block.attention_elements(self)
        if self.kind == "block-model":
            return size * block.model_elements(self)
        if self.kind == "block-score":  # as much as K and V: queries and results
            rows = self.kv_heads * self.seq_kv + self.heads * self.seq_q
            return 2 * self.batch * rows * self.head_dim * size
        rows = self.batch * self.kv_heads * self.seq_kv
        return 2 * rows * self.head_dim * size

    def vanilla_case(self):
        """The transformer of as many layers that generates token by token."""
        if self.kind not in GENERATIONS:
            return None
        return dataclasses.replace(self, block_len=0, prefix_len=0)

    def plain_case(self):
        """The plain kernel that this case is compared with, or None."""
        if not self.plain:
            return None
        head_dim, seq = self.plain
        return dataclasses.replace(
            self,
            head_dim=head_dim,
            seq_q=seq,
            seq_kv=seq,
            causal=self.causal and self.modifier == "none",
            modifier="none",
            plain=None,
        )

    def dense_case(self):
        """The dense attention that an approximation is compared with, or None."""
        if self.kind == "star":
            return dataclasses.replace(self, kind="prefill", blocks=0, anchor_size=0)
        if self.kind != "sparq":
            return None
        return dataclasses.replace(
            self, kind="decode", rank=0, top_k=0, local_window=0, realloc=False
        )

    def to_json(self):
        return dataclasses.asdict(self) | {"name": self.name}

    @classmethod
    def from_json(cls, entry):
        """A case as it was written."""
        fields = {field.name for field in dataclasses.fields(cls)}
        # JSON has lists for tuples.
        return cls(
            **{
                key: tuple(value) if isinstance(value, list) else value
                for key, value in entry.items()
                if key in fields
            }
        )


class ConfigError(Exception):
    """A configuration that cannot be used; the message names the place."""


def _as_list(value):
    return value if isinstance(value, list) else [value]


# Keys of a template that are multiplied out, with their defaults.
_PRODUCT = {
    "dtype": "f32",
    "seq": None,
    "seq_q": None,
    "head_dim": 64,
    "causal": False,
    "batch": 1,
    "group": 1,
    "modifier": "none",
    "rank": 32,
    "top_k": 128,
    "local_window": None,
    "realloc": "auto",
    "values": "normal",
    "blocks": 4,
    "anchor_size": None,
    "parts": 4,
    "block_len": 4,
    "prefix_len": 2,
    "num_layers": 12,
    "prompt": 128,
    "points": 9,
    "vocab": 259,
    "memory": 0,
    "complete": False,
}
_PLAIN = {"kind", "heads", "threads", "peers", "plain", "target", "why"}
_SPARQ = {"rank", "top_k", "local_window", "realloc", "values"}
_STAR = {"blocks", "anchor_size"}
# What templates of a kind, or of no such kind, may not say.
_WHOLE = {"seq_q", "causal", "modifier", "plain"}
_GENERATION = {"block_len", "prefix_len", "num_layers", "prompt", "points"}
_MODEL = {"vocab", "memory", "complete"}
_KNOWN = {
    "prefill": _WHOLE,
    "decode": _WHOLE,
    "sparq": _SPARQ,
    "star": _STAR,
    "star-decode": {"parts"},
    "block-score": {"seq_q", "causal"},
    "block-decode": _GENERATION,
    "block-model": _GENERATION | _MODEL,
}
_ALL = set().union(*_KNOWN.values())
_UNKNOWN = {kind: _ALL - known for kind, known in _KNOWN.items()}
# Peers that have the algorithm.
KIND_PEERS = {"sparq": ("torch",), "star": (), "star-decode": ()}
KIND_PEERS |= {"block-score": ("torch",), "block-decode": (), "block-model": ("torch",)}


def _check_sparq(at, where):
    for key in ("rank", "top_k"):
        if at[key] < 1:
            raise ConfigError(f"{where}: {key} is {at[key]}, expected at least 1")
    if at["rank"] > at["head_dim"]:
        raise ConfigError(
            f"{where}: rank is {at['rank']}, expected at most head_dim, "
            f"{at['head_dim']}"
        )
    if at["local_window"] is not None and not 0 <= at["local_window"] <= at["top_k"]:
        raise ConfigError(
            f"{where}: local_window is {at['local_window']}, "
            f"expected 0 to top_k, {at['top_k']}"
        )
    for key, known in (("realloc", REALLOC), ("values", VALUES)):
        if at[key] not in known:
            raise ConfigError(f"{where}: {key} is {at[key]!r}, expected one of {known}")


def _star(at, where):
    if not 1 <= at["blocks"] <= at["seq"]:
        raise ConfigError(
            f"{where}: blocks is {at['blocks']}, expected 1 to seq, {at['seq']}"
        )
    block = -(-at["seq"] // at["blocks"])
    anchor = block if at["anchor_size"] is None else at["anchor_size"]
    if not 0 <= anchor <= block:
        raise ConfigError(
            f"{where}: anchor_size is {anchor}, expected 0 to a block, {block}"
        )
    return {"blocks": at["blocks"], "anchor_size": anchor}


def _generation(at, where):
    """The fields of a generation, checked."""
    for key in sorted(_GENERATION - {"prompt"}):
        if at[key] < 1:
            raise ConfigError(f"{where}: {key} is {at[key]}, expected at least 1")
    if at["num_layers"] % 2:
        raise ConfigError(
            f"{where}: num_layers is {at['num_layers']}, expected an even number: "
            "each decoder has half"
        )
    for key in ("prompt", "seq"):
        if at[key] % at["block_len"]:
            raise ConfigError(
                f"{where}: {key} is {at[key]}, expected a multiple of block_len, "
                f"{at['block_len']}"
            )
    if not at["block_len"] <= at["prompt"] < at["seq"]:
        raise ConfigError(
            f"{where}: prompt is {at['prompt']}, expected block_len, "
            f"{at['block_len']}, to less than seq, {at['seq']}"
        )
    return {key: at[key] for key in _GENERATION}


def _expand(template, where):
    unknown = set(template) - set(_PRODUCT) - _PLAIN
    if unknown:
        raise ConfigError(f"{where}: unknown key {sorted(unknown)[0]!r}")
    kind = template.get("kind", "prefill")
    if kind not in KINDS:
        raise ConfigError(f"{where}: kind is {kind!r}, expected one of {KINDS}")
    if template.get("target", "cpu") != "cpu":
        raise ConfigError(f"{where}: target is {template['target']!r}, expected 'cpu'")
    if "seq" not in template:
        raise ConfigError(f"{where}: seq is missing")
    sparq = kind == "sparq"
    for key in sorted(set(template) & _UNKNOWN[kind]):
        raise ConfigError(f"{where}: kind {kind!r} has no {key}")
    axes = {key: _as_list(template.get(key, d)) for key, d in _PRODUCT.items()}
    for values in itertools.product(*axes.values()):
        at = dict(zip(axes, values))
        heads = template.get("heads", 8)
        if at["dtype"] not in DTYPES:
            raise ConfigError(
                f"{where}: dtype is {at['dtype']!r}, expected one of {tuple(DTYPES)}"
            )
        if at["modifier"] not in MODIFIERS:
            raise ConfigError(
                f"{where}: modifier is {at['modifier']!r}, "
                f"expected one of {tuple(MODIFIERS)}"
            )
        if heads % at["group"]:
            raise ConfigError(
                f"{where}: expects heads to be a multiple of group, "
                f"but got {heads} and {at['group']}"
            )
        known = KIND_PEERS.get(kind, PEERS)
        peers = template.get("peers", list(known))
        if set(peers) - set(known):
            raise ConfigError(f"{where}: peers are {peers}, expected some of {known}")
        whole = kind in ("prefill", "star", "block-score")
        seq_q = at["seq_q"] or (at["seq"] if whole else 1)
        plain = template.get("plain")
        more = {}
        if sparq:
            _check_sparq(at, where)
            local = at["local_window"]
            more = {
                "rank": at["rank"],
                "top_k": at["top_k"],
                "local_window": at["top_k"] // 4 if local is None else local,
                "realloc": at["realloc"] == "on"
                or (at["realloc"] == "auto" and at["group"] == 1),
                "values": at["values"],
            }
        if kind == "star":
            more = _star(at, where)
        if kind == "star-decode":
            more = {"parts": at["parts"]}
        if kind in GENERATIONS:
            more = _generation(at, where)
        if kind == "block-model":
            if at["dtype"] != "f32" or at["group"] != 1:
                raise ConfigError(
                    f"{where}: expects f32 and group 1 of kind 'block-model', but "
                    f"got {at['dtype']} and {at['group']}"
                )
            more |= {key: at[key] for key in _MODEL}
        yield Case(
            kind=kind,
            dtype=at["dtype"],
            batch=at["batch"],
            heads=heads,
            kv_heads=heads // at["group"],
            seq_q=seq_q,
            seq_kv=at["seq"],
            head_dim=at["head_dim"],
            # A window is causal: its right edge is the diagonal.
            causal=at["causal"] or at["modifier"] == "window" or kind == "star",
            modifier=at["modifier"],
            plain=tuple(plain) if plain else None,
            threads=tuple(template.get("threads", (1, 2))),
            peers=tuple(peers),
            **more,
        )


def load_config(name, seen=()):
    """The cases of configs/NAME.json, or of a path; without repetitions."""
    path = name if name.endswith(".json") else os.path.join(CONFIGS, f"{name}.json")
    if path in seen:
        raise ConfigError(f"{path}: includes itself")
    try:
        with open(path) as file:
            config = json.load(file)
    except OSError as error:
        known = sorted(f[:-5] for f in os.listdir(CONFIGS) if f.endswith(".json"))
        raise ConfigError(
            f"cannot read {path}: {error.strerror}; there are {', '.join(known)}"
        ) from error
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error
    cases = []
    for include in config.get("include", []):
        cases += load_config(include, (*seen, path))
    for i, template in enumerate(config.get("cases", [])):
        cases += _expand(template, f"{os.path.basename(path)}: case {i}")
    return list(dict.fromkeys(cases))


# ---------------------------------------------------------------- numbers


def to_bf16(values):
    """Rounds f32 to nearest even; the bits, as uint16."""
    bits = values.view(np.uint32)
    rounded = bits + 0x7FFF + ((bits >> 16) & 1)
    return (rounded >> 16).astype(np.uint16)


def widen(array, dtype):
    """An array of a case's type as f32."""
    if dtype == "bf16":
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array.astype(np.float32, copy=False)


def storage(dtype):
    return {"f32": np.float32, "f16": np.float16, "bf16": np.uint16}[dtype]


def empty(shape, dtype):
    """Page-aligned zeros, on huge pages where the system gives them."""
    dtype = np.dtype(dtype)
    count = int(np.prod(shape, dtype=np.int64))
    # Private, as malloc's: shared memory has a setting of its own for them.
    memory = mmap.mmap(
        -1,
        max(count * dtype.itemsize, mmap.PAGESIZE),
        flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS,
    )
    if hasattr(mmap, "MADV_HUGEPAGE"):
        memory.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(memory, dtype=dtype, count=count).reshape(shape)


# A prime number of N(0, 1) values: arrays repeat it, and no two rows of a
# power-of-two size within reach are the same.
_POOL_SIZE = 4194301
_pool = {}


def normal(shape, dtype, seed):
    """N(0, 1), made by repeating a pool; quick for a gigabyte."""
    if dtype not in _pool:
        values = np.random.default_rng(7).standard_normal(_POOL_SIZE, np.float32)
        _pool[dtype] = {
            "f32": lambda: values,
            "f16": lambda: values.astype(np.float16),
            "bf16": lambda: to_bf16(values),
        }[dtype]()
    pool = _pool[dtype]
    array = empty(shape, pool.dtype)
    flat = array.reshape(-1)
    at, start = 0, (seed * 1299709) % pool.size
    while at < flat.size:
        count = min(pool.size - start, flat.size - at)
        end = at + count
        flat[at:end] = pool[start:][:count]
        at, start = end, 0
    return array


class Inputs:
    """The arrays of a case, in layout [batch, heads, seq, head_dim]."""

    # How many copies of the problem there are, as a model has layers.
    layers = 1

    def __init__(self, case):
        self.case = case
        d, dtype = case.head_dim, case.dtype
        self.batch = b = case.batch * self.layers
        self.query = normal((b, case.heads, case.seq_q, d), dtype, 1)
        self.key = normal((b, case.kv_heads, case.seq_kv, d), dtype, 2)
        self.value = normal((b, case.kv_heads, case.seq_kv, d), dtype, 3)
        square = (case.seq_q, case.seq_kv)
        self.bias = self.slopes = self.mask = None
        if case.modifier == "bias":
            self.bias = normal((1, case.heads, *square), dtype, 4)
        if case.modifier == "alibi":
            exponents = np.arange(1, case.heads + 1, dtype=np.float32)
            self.slopes = np.exp2(-8 * exponents / case.heads).astype(np.float32)
        if case.modifier == "mask":
            self.mask = empty((1, 1, *square), np.uint8)
            half = np.random.default_rng(11).random(_POOL_SIZE, np.float32) < 0.5
            self.mask.reshape(-1)[:] = np.resize(half, self.mask.size)

    def operands(self, case):
        """[(array, type)] of what the function of `case` takes."""
        found = [(a, case.dtype) for a in (self.query, self.key, self.value)]
        for array, dtype in (
            (self.bias, case.dtype),
            (self.mask, "bool"),
            (self.slopes, "f32"),
        ):
            if array is not None:
                found.append((array, dtype))
        return found

    def read(self):
        """The arrays that a probe reads as a kernel must."""
        found = [self.key, self.value]
        return [self.query, *found] if self.case.kind == "block-score" else found

    def rows_for(self, peer, rows):
        """The rows that a peer must give, of those of reference_rows."""
        return rows

    def scores(self, b, h, i, low, high, case):
        """Scores of one query row against keys [low, high) in f64, masked."""
        keys = widen(self.key[b, h // case.group, low:high], case.dtype)
        query = widen(self.query[b, h, i], case.dtype)
        s = keys.astype(np.float64) @ query.astype(np.float64)
        s *= case.head_dim**-0.5
        j = np.arange(low, high)
        if case.modifier == "softcap":
            cap = float(MODIFIERS["softcap"])
            s = cap * np.tanh(s / cap)
        if self.bias is not None:
            s += widen(self.bias[0, h, i, low:high], case.dtype)
        if self.slopes is not None:
            s += float(self.slopes[h]) * (j - i)
        visible = np.ones(high - low, bool)
        if case.causal:
            visible &= j <= i
        if case.kind == "star":
            start = i // case.block_size * case.block_size
            visible &= (j >= start) | (j < case.anchor_size)
        if case.modifier == "window":
            visible &= j >= i - MODIFIERS["window"]
        if self.mask is not None:
            visible &= self.mask[0, 0, i, low:high] != 0
        return np.where(visible, s, -np.inf)

    def reference_rows(self, count=8, case=None):
        """[(b, h, i, row)]: the definition in f64, on a sample of rows; of
        another case on these arrays if one is given."""
        case = case or self.case
        random = np.random.default_rng(13)
        rows = {(0, 0, 0), (self.batch - 1, case.heads - 1, case.seq_q - 1)}
        total = self.batch * case.heads * case.seq_q
        while len(rows) < min(count, total):
            rows.add(
                (
                    int(random.integers(self.batch)),
                    int(random.integers(case.heads)),
                    int(random.integers(case.seq_q)),
                )
            )
        piece = 1 << 16
        result = []
        for b, h, i in sorted(rows):
            parts = range(0, case.seq_kv, piece)
            ends = [(low, min(low + piece, case.seq_kv)) for low in parts]
            scores = [self.scores(b, h, i, low, high, case) for low, high in ends]
            top = max(float(s.max()) for s in scores)
            acc, total_weight = np.zeros(case.head_dim), 0.0
            for s, (low, high) in zip(scores, ends):
                if top == -np.inf:
                    break
                weights = np.exp(s - top)
                values = self.value[b, h // case.group, low:high]
                acc += weights @ widen(values, case.dtype).astype(np.float64)
                total_weight += weights.sum()
            row = acc / total_weight if total_weight else acc
            result.append((b, h, i, row))
        return result
