"""Keys and values in every form a kernel reads them from.

Pages in no order with garbage between them, scales that broadcast in every
way, 8-bit and half numbers; each against the oracle and the reference, with
memory that ends at pages that cannot be touched.
"""

import itertools

import pytest
from cases import Case
from running import run

# Pages shorter than a block of keys, one that is read in place, and sizes that
# do not divide anything.
PAGE_SIZES = [0, 7, 16, 128, 200]
KV_TYPES = [None, "f16", "bf16", "i8", "f8E4M3FN", "f8E5M2"]
# Which dimensions of (batch, head, key, column) a scale has.
SCALES = [
    (False, False, False, False),
    (True, True, False, False),
    (False, True, True, False),
    (False, False, False, True),
    (True, True, True, True),
]


def name(case):
    return f"{case.kv_dtype or case.dtype}-page{case.page_size}-{case.dynamic}"


def cases():
    for n, (page, kv) in enumerate(itertools.product(PAGE_SIZES, KV_TYPES)):
        if page == 0 and kv in (None, "f16", "bf16"):
            continue  # Nothing to look up or to convert by a scale.
        is_half = kv in ("f16", "bf16")
        needs_scale = kv == "i8" or n % 2
        seq_len_kv = -(-450 // page) * page if page else 431
        yield Case(
            batch=2,
            num_kv_heads=2,
            group=(1, 3, 4)[n % 3],
            seq_len_q=(37, 1, 70)[n % 3],
            seq_len_kv=seq_len_kv,
            head_dim=(24, 64, 17, 40)[n % 4],
            head_dim_v=(20, 64, 24)[n % 3],
            dtype=kv if is_half else ("f32", "f16", "f64")[n // 3 % 3 if kv else 0],
            kv_dtype=None if is_half else kv,
            layout=("bhsd", "bshd")[n % 2],
            window=((-1, 0), (150, 3), (-1, -1))[n % 3],
            offset="bottom_right",
            kv_len=[seq_len_kv - 19, 131],
            key_scale=SCALES[n % 5] if needs_scale else None,
            value_scale=SCALES[(n + 2) % 5] if needs_scale else None,
            page_size=page,
            dynamic=("static", "lengths", "all")[n // 2 % 3],
            want_lse=n % 2 == 0,
            seed=n,
        )


@pytest.mark.parametrize("case", cases(), ids=name)
def test_key_source(case):
    run(case, verify=True)


@pytest.mark.parametrize("case", list(cases())[::4], ids=name)
def test_key_source_of_splits(case):
    case.strategy = "blockwise:num-splits=3,block-size-kv=-1"
    run(case)


@pytest.mark.parametrize("case", list(cases())[1::3], ids=name)
def test_key_source_of_a_gpu(case):
    run(case, verify=True, lowering="gpu")
