"""What hypothesis chooses: problems of odd sizes and combined modifiers."""

import dataclasses

from cases import Case
from hypothesis import strategies as st

# Lowerings of a layer-A op.
LOWERINGS = st.sampled_from(["tool", "attribute", "portable", "gpu"])


def tiles():
    """A blockwise strategy string with tile sizes of every oddity."""
    return st.builds(
        lambda q, k, n: f"blockwise:block-size-q={q},block-size-kv={k},num-splits={n}",
        st.sampled_from([0, 1, 3, 16, 32, 64]),
        st.sampled_from([-1, 0, 1, 5, 16, 128]),
        st.sampled_from([0, 0, 1, 2, 5]),
    )


def strategies():
    return st.one_of(st.just("dense"), tiles(), tiles())


def kept_dims():
    return st.tuples(*[st.booleans()] * 4)


@st.composite
def draw_sizes(draw):
    """A case of some sizes and types, and no modifier."""
    lengths_q = [0, 1, 1, 2, 3, 7, 16, 31, 33, 64, 70, 130]
    lengths_kv = [0, 1, 2, 5, 8, 17, 32, 63, 130, 257, 300, 600]
    widths = [1, 3, 8, 16, 20, 64, 80, 128, 256]
    case = Case(
        batch=draw(st.sampled_from([1, 1, 2, 3, 0])),
        num_kv_heads=draw(st.sampled_from([1, 2, 3])),
        group=draw(st.integers(1, 8)),
        seq_len_q=draw(st.sampled_from(lengths_q)),
        seq_len_kv=draw(st.sampled_from(lengths_kv)),
        head_dim=draw(st.sampled_from(widths)),
        head_dim_v=draw(st.sampled_from([*widths, 5, 24])),
        dtype=draw(st.sampled_from(["f32", "f32", "f16", "bf16", "f64"])),
        layout=draw(st.sampled_from(["bhsd", "bshd"])),
        dynamic=draw(st.sampled_from(["static", "lengths", "all"])),
        strategy=draw(strategies()),
        want_lse=draw(st.sampled_from([True, True, False])),
        seed=draw(st.integers(0, 2**31)),
    )

    # The reference is a plain loop: keep the product of all sizes in hand.
    def work():
        width = case.head_dim + case.head_dim_v
        rows = case.batch * case.num_heads * case.seq_len_q
        return rows * case.seq_len_kv * width

    for name, smaller in (("batch", 1), ("num_kv_heads", 1), ("seq_len_q", 7)):
        if work() > 1e7:
            setattr(case, name, min(getattr(case, name), smaller))
    return case


@st.composite
def draw_case(draw, plain=False, **fixed):
    """A case; `plain` leaves every modifier out; `fixed` fields are kept."""
    case = draw(draw_sizes())
    if not plain:
        _draw_storage(draw, case)
    case = dataclasses.replace(case, **fixed)
    if not plain:
        _draw_modifiers(draw, case)
        case = dataclasses.replace(case, **fixed)
    # Longer ones are refused when run (sdpa_c17).
    for name, axis, size in (
        ("kv_len", 3, case.seq_len_kv),
        ("q_len", 2, case.seq_len_q),
    ):
        lengths, end = getattr(case, name), size + case.offset_of(axis)
        if lengths is not None:
            setattr(case, name, [min(n, end) for n in lengths])
    return case


def _draw_storage(draw, case):
    """8-bit types, scales and pages: not too often, they hide the rest."""
    if draw(st.integers(0, 3)) == 0:
        case.kv_dtype = draw(st.sampled_from([None, "f8E4M3FN", "f8E5M2", "i8"]))
        needed = case.kv_dtype == "i8"
        for name in ("key_scale", "value_scale"):
            if needed or draw(st.booleans()):
                setattr(case, name, draw(kept_dims()))
    if draw(st.integers(0, 4)) == 0:
        case.page_size = draw(st.sampled_from([1, 4, 16, 128]))
        pages = min(-(-case.seq_len_kv // case.page_size), 40)
        case.seq_len_kv = pages * case.page_size


def _draw_modifiers(draw, case):
    lq, lk = case.seq_len_q, case.seq_len_kv
    places = [None, None, (0, 0, 0, 0), (2, 3, 5, 9), (0, 1, 40, 0)]
    case.offsets = draw(st.sampled_from(places))
    oi, oj = case.offset_of(2), case.offset_of(3)

    def per_batch(numbers):
        count = draw(st.sampled_from([1, case.batch, case.batch]))
        return draw(st.lists(numbers, min_size=count, max_size=count))

    window = st.integers(-1, max(lk, 1))
    case.window = draw(
        st.one_of(st.just((-1, -1)), st.just((-1, 0)), st.tuples(window, window))
    )
    if case.window != (-1, -1):
        shift = oj - oi
        offsets = st.integers(shift - lq - 2, shift + lk + 2)
        kind = draw(st.sampled_from(["none", "one", "batch", "bottom_right"]))
        if kind == "one":
            case.offset = draw(offsets)
        elif kind == "batch":
            case.offset = per_batch(offsets)
        elif kind == "bottom_right":
            case.offset, case.offsets = "bottom_right", None
            oi = oj = 0
    if draw(st.booleans()):
        # Below and above what there is, too.
        case.kv_len = per_batch(st.integers(0, lk + oj + draw(st.sampled_from([0, 3]))))
    if draw(st.booleans()):
        case.q_len = per_batch(st.integers(0, lq + oi + draw(st.sampled_from([0, 3]))))
    case.mask = draw(st.one_of(st.none(), kept_dims()))
    case.mask_type = draw(st.sampled_from(["i1", "i8"]))
    case.bias = draw(st.one_of(st.none(), kept_dims()))
    case.bias_type = draw(st.sampled_from([case.acc, case.dtype, "f16"]))
    case.softcap = draw(st.sampled_from([None, None, 1.5, 30.0]))
    kind, scale = draw(st.sampled_from(["none", "static", "dynamic"])), [0.3, -0.2, 0.0]
    if kind == "static":
        case.scale = draw(st.sampled_from(scale))
    elif kind == "dynamic":
        case.dynamic_scale = draw(st.sampled_from(scale))
    scores = ["add", "alibi", "parity", "slopes", "documents"]
    case.score = draw(st.sampled_from([None, None, None, *scores]))
    case.sinks = draw(st.booleans())


@st.composite
def draw_long_case(draw):
    """A case of few rows and more keys than one split takes."""
    length = draw(st.sampled_from([1024, 1025, 1280, 1777, 2048, 2500]))
    fixed = {} if length % 256 == 0 else {"page_size": 0}
    return draw(
        draw_case(
            batch=draw(st.sampled_from([1, 2])),
            num_kv_heads=draw(st.sampled_from([1, 2])),
            group=draw(st.sampled_from([1, 2, 5])),
            seq_len_q=draw(st.sampled_from([1, 2, 33, 40])),
            seq_len_kv=length,
            head_dim=draw(st.sampled_from([8, 20, 64])),
            head_dim_v=draw(st.sampled_from([5, 24, 128])),
            strategy="blockwise",
            **fixed,
        )
    )


@st.composite
def draw_composition(draw):
    """A problem whose keys are split by hand, in layer-B ops, in any order."""
    case = draw(draw_case(dynamic="static", want_lse=True))
    case.form = draw(st.sampled_from(["partial", "online", "merge"]))
    if case.offset == "bottom_right":
        case.offset = None
    if case.form != "online":
        case.sinks = False
    unit = case.page_size or 1
    count = draw(st.integers(0, 4))
    cuts = draw(
        st.lists(
            st.integers(0, case.seq_len_kv // unit), min_size=count, max_size=count
        )
    )
    cuts = [0, *sorted(c * unit for c in cuts), case.seq_len_kv]
    case.parts = tuple(draw(st.permutations(list(zip(cuts, cuts[1:])))))
    return case
