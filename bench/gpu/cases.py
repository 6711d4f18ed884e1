"""What is measured on a GPU: cases, their work, and who sees whom."""

import dataclasses
import itertools
import json
import os

CONFIGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "configs")
KINDS = ("prefill", "decode", "sparq", "star", "blocks")
BYTES = {"f32": 4, "f16": 2, "bf16": 2}
# Types of keys and values that are not the query's: their names in MLIR.
KV_TYPES = {"f8": "f8E4M3FN", "i8": "i8"}
# Modifiers of scores, with the one parameter each has.
MODIFIERS = {
    "none": 0,
    "window": 1023,  # keys to the left of the diagonal; right 0
    "softcap": 30,
    "bias": 0,  # additive, [1, heads, seq_q, seq_kv]
    "alibi": 0,  # a score region that reads a slope per head
    "relative": 128,  # one that reads a table by head and distance, up to so far
}
# Contenders of others, by kind of case.
PEERS = {
    "prefill": ("torch-flash", "torch-cudnn", "flex", "triton"),
    "modified": ("flex",),
    "bias": ("flex", "torch-efficient", "torch-cudnn"),
    "decode": ("torch-flash", "torch-folded", "torch-cudnn", "flex"),
    # Nobody's here: SDPA and FlexAttention take neither other types nor pages.
    "stored": (),
    "sparq": (),
    "star": ("flex",),
    "blocks": ("torch-flash", "torch-cudnn"),
}
ALL_PEERS = tuple(dict.fromkeys(itertools.chain(*PEERS.values())))


class ConfigError(Exception):
    pass


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
    # SparQ: components of the query, keys kept, newest keys always kept.
    rank: int = 0
    top_k: int = 0
    local_window: int = 0
    # Star: keys of a block and of the anchor.
    block_size: int = 0
    anchor_size: int = 0
    # Tokens of a block that sees itself only.
    block_len: int = 0
    # Columns of values, if they are not head_dim.
    head_dim_v: int = 0
    # Keys and values of another type, with a scale per head: one of KV_TYPES.
    kv_dtype: str = ""
    # Keys of a page of a pool; pages lie in no order.
    page_size: int = 0
    peers: tuple = ()

    @property
    def group(self):
        return self.heads // self.kv_heads

    @property
    def value_dim(self):
        return self.head_dim_v or self.head_dim

    @property
    def realloc(self):
        """SparQ: whether the mean of the values is mixed in; as `auto` decides."""
        return self.group == 1

    @property
    def name(self):
        parts = [self.kind, self.dtype, f"b{self.batch}"]
        parts += [f"h{self.heads}/{self.kv_heads}"]
        if self.seq_q != self.seq_kv and self.kind == "prefill":
            parts += [f"q{self.seq_q}"]
        parts += [f"s{self.seq_kv}", f"d{self.head_dim}"]
        if self.head_dim_v:
            parts[-1] += f"/{self.head_dim_v}"
        if self.kv_dtype:
            parts += [f"kv-{self.kv_dtype}"]
        if self.page_size:
            parts += [f"p{self.page_size}"]
        if self.causal and self.kind == "prefill":
            parts += ["causal"]
        if self.modifier != "none":
            parts += [self.modifier]
        if self.kind == "sparq":
            parts += [f"r{self.rank}", f"k{self.top_k}", f"l{self.local_window}"]
        if self.kind == "star":
            parts += [f"n{self.block_size}", f"a{self.anchor_size}"]
        if self.kind == "blocks":
            parts += [f"l{self.block_len}"]
        return " ".join(parts)

    def visible_pairs(self):
        """(query, key) pairs of one head that the output depends on."""
        seq = self.seq_kv
        if self.kind == "blocks":
            whole, rest = divmod(seq, self.block_len)
            return whole * _triangle(self.block_len) + _triangle(rest)
        if self.kind == "star":
            pairs = 0
            for start in range(0, seq, self.block_size):
                rows = min(self.block_size, seq - start)
                # What the anchor and the block share is seen once.
                pairs += _triangle(rows) + rows * min(self.anchor_size, start)
            return pairs
        if self.modifier == "window":
            return sum(
                min(i, MODIFIERS["window"]) + 1 for i in range(min(self.seq_q, seq))
            )
        if self.causal:
            short = min(self.seq_q, seq)
            return _triangle(short) + (self.seq_q - short) * seq
        return self.seq_q * seq

    def flops(self):
        if self.kind == "sparq":
            row = 2 * self.seq_kv * self.rank + 4 * self.top_k * self.head_dim
            return self.batch * self.heads * row
        columns = self.head_dim + self.value_dim
        return 2 * self.batch * self.heads * columns * self.visible_pairs()

    def read_bytes(self):
        """The fewest bytes that must come from memory."""
        size, d = BYTES[self.dtype], self.head_dim
        rows = self.batch * self.heads * self.seq_q
        ends = rows * (d + self.value_dim) * size
        if self.kind == "sparq":
            keys = self.batch * self.kv_heads
            return ends + keys * size * (
                self.seq_kv * self.rank + 2 * self.top_k * d + 2 * d
            )
        extra = 0
        if self.modifier == "bias":
            extra = self.heads * self.seq_q * self.seq_kv * size
        return ends + self.kv_bytes() + extra

    def kv_bytes(self):
        """K and V, once."""
        size = 1 if self.kv_dtype else BYTES[self.dtype]
        rows = self.batch * self.kv_heads * self.seq_kv
        return rows * (self.head_dim + self.value_dim) * size

    def dense_case(self):
        """What an approximate case approximates, or None."""
        if self.kind == "sparq":
            return dataclasses.replace(
                self, kind="decode", rank=0, top_k=0, local_window=0
            )
        if self.kind == "star":
            return dataclasses.replace(
                self, kind="prefill", causal=True, block_size=0, anchor_size=0
            )
        return None

    def to_json(self):
        return dataclasses.asdict(self) | {"name": self.name}

    @classmethod
    def from_json(cls, entry):
        entry = {k: v for k, v in entry.items() if k != "name"}
        return cls(**(entry | {"peers": tuple(entry["peers"])}))


def _triangle(rows):
    return rows * (rows + 1) // 2


def visibility(case):
    """Whether key j is seen by query i, as a function of tensors i and j; None: all
    are. It is closed over numbers alone: compilers of peers trace it."""
    if case.kind == "blocks":
        length = case.block_len
        return lambda i, j: (j <= i) & (j // length == i // length)
    if case.kind == "star":
        size, anchor = case.block_size, case.anchor_size
        return lambda i, j: (j <= i) & ((j >= i // size * size) | (j < anchor))
    if case.modifier == "window":
        left = MODIFIERS["window"]
        return lambda i, j: (j <= i) & (j >= i - left)
    if case.causal:
        return lambda i, j: j <= i
    return None


# Settings of a case in a configuration, and what they are without a word; a list
# of any stands for one case for each of its elements.
_SETTINGS = {
    "kind": None,
    "dtype": "bf16",
    "batch": 1,
    "heads": 32,
    "group": 1,
    "seq": None,
    "seq_q": 0,  # as seq
    "head_dim": 128,
    "head_dim_v": 0,  # as head_dim
    "kv_dtype": "",  # as dtype
    "page_size": 0,
    "causal": False,
    "modifier": "none",
    # Instead of batch and heads: tokens of a batch, columns of all heads.
    "tokens": 0,
    "width": 0,
    # SparQ: head_dim over rank, seq over top_k.
    "rank_part": 4,
    "top_part": 8,
    # Star: blocks of the context; tokens of a local block.
    "blocks": 4,
    "block_len": 5,
    "peers": None,
}


def _make(setting):
    """The case of one value for every setting."""
    kind, seq = setting["kind"], setting["seq"]
    if kind not in KINDS:
        raise ConfigError(f"kind {kind!r}: expected one of {', '.join(KINDS)}")
    if setting["dtype"] not in BYTES:
        raise ConfigError(f"dtype {setting['dtype']!r}: expected {', '.join(BYTES)}")
    if setting["modifier"] not in MODIFIERS:
        raise ConfigError(
            f"modifier {setting['modifier']!r}: expected {', '.join(MODIFIERS)}"
        )
    if not isinstance(seq, int) or seq < 1:
        raise ConfigError(f"seq {seq!r}: expected a number of keys")
    modifier, head_dim = setting["modifier"], setting["head_dim"]
    heads = setting["width"] // head_dim or setting["heads"]
    if heads % setting["group"]:
        raise ConfigError(f"group {setting['group']}: expected a divisor of {heads}")
    batch = max(setting["tokens"] // seq, 1) if setting["tokens"] else setting["batch"]
    decode = kind in ("decode", "sparq")
    stored = setting["kv_dtype"] or setting["page_size"]
    if setting["kv_dtype"] and setting["kv_dtype"] not in KV_TYPES:
        raise ConfigError(
            f"kv_dtype {setting['kv_dtype']!r}: expected {', '.join(KV_TYPES)}"
        )
    if stored and kind != "decode":
        raise ConfigError("kv_dtype and page_size: expected kind decode")
    if setting["page_size"] and seq % setting["page_size"]:
        raise ConfigError(f"seq {seq}: expected whole pages of {setting['page_size']}")
    value_dim = setting["head_dim_v"]
    if value_dim and (kind not in ("prefill", "decode") or value_dim == head_dim):
        raise ConfigError(
            f"head_dim_v {value_dim}: expected kind prefill or decode, and another "
            "number than head_dim"
        )
    peers = setting["peers"]
    if peers is None:
        known = kind if modifier == "none" else "modified"
        known = "stored" if stored else known
        peers = PEERS[modifier if modifier in PEERS else known]
    for peer in peers:
        if peer not in ALL_PEERS:
            raise ConfigError(f"peer {peer!r}: expected some of {', '.join(ALL_PEERS)}")
    extra = {}
    if kind == "sparq":
        top_k = max(seq // setting["top_part"], 1)
        extra = {"rank": max(head_dim // setting["rank_part"], 1), "top_k": top_k}
        extra["local_window"] = top_k // 4
    if kind == "star":
        block_size = -(-seq // setting["blocks"])
        extra = {"block_size": block_size, "anchor_size": block_size}
    if kind == "blocks":
        extra = {"block_len": setting["block_len"]}
    return Case(
        kind,
        setting["dtype"],
        batch,
        heads,
        heads // setting["group"],
        1 if decode else setting["seq_q"] or seq,
        seq,
        head_dim,
        setting["causal"] or kind in ("star", "blocks"),
        modifier,
        head_dim_v=value_dim,
        kv_dtype=setting["kv_dtype"],
        page_size=setting["page_size"],
        peers=tuple(peers),
        **extra,
    )


def _expand(entry):
    unknown = sorted(set(entry) - set(_SETTINGS))
    if unknown:
        raise ConfigError(f"unknown setting {unknown[0]!r}")
    setting = _SETTINGS | entry
    lists = [k for k, v in setting.items() if isinstance(v, list) and k != "peers"]
    for values in itertools.product(*(setting[k] for k in lists)):
        yield _make(setting | dict(zip(lists, values)))


def load_config(name):
    """([Case], the rest of the file) of configs/NAME.json, or of a path."""
    path = name if name.endswith(".json") else os.path.join(CONFIGS, f"{name}.json")
    try:
        with open(path) as file:
            document = json.load(file)
    except OSError as error:
        known = sorted(f[:-5] for f in os.listdir(CONFIGS) if f.endswith(".json"))
        raise ConfigError(
            f"cannot read {path}: {error.strerror}; there are {', '.join(known)}"
        ) from error
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error
    try:
        entries = document.pop("cases")
        cases = [case for entry in entries for case in _expand(entry)]
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path}: no list of cases ({error!r})") from error
    return list(dict.fromkeys(cases)), document
