"""Writes one .npy file an element type, or compares what came back."""

import sys

import numpy as np

mode, prefix = sys.argv[1:]
rng = np.random.default_rng(1)
arrays = {
    "f16": rng.normal(size=(2, 3)).astype(np.float16),
    "f32": rng.normal(size=(4, 3)).astype(np.float32),
    "f64": np.float64(0.1),
    "i1": rng.integers(0, 2, 7).astype(bool),
    "i8": np.array([-128, -1, 0, 127], np.int8),
    "u8": np.zeros((0, 3), np.uint8),
    "i32": rng.integers(-(2**31), 2**31, (1, 1, 1, 1, 5)).astype(np.int32),
    "i64": np.array([-(2**63), 0, 2**63 - 1], np.int64),
    # As ml_dtypes writes bf16, and as somebody without it writes f8.
    "bf16": np.array([0x3F80, 0xC000, 0x7F80], np.uint16).view("V2"),
    "f8": np.array([0, 1, 0x7F, 0xFF], np.uint8),
    "scalar": np.int64(-5),
}
for name, array in arrays.items():
    if mode == "write":
        np.save(f"{prefix}.{name}.npy", array)
        continue
    back = np.load(f"{prefix}.{name}.out")
    assert back.shape == array.shape, name
    assert back.tobytes() == array.tobytes(), name
    assert back.dtype == array.dtype or name == "f8", name
