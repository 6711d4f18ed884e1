"""Makes exponents, and checks what became of them."""

import sys

import numpy as np

step, path = sys.argv[1], sys.argv[2]
x = np.linspace(-120, 0, 4096, dtype=np.float32)
# The bits of bf16, for which numpy has no type.
bits = x.view(np.uint32) >> 16
if step == "inputs":
    np.save(f"{path}.x.npy", x.reshape(1, 1, -1, 1))
    np.save(f"{path}.x16.npy", bits.astype(np.uint16).reshape(1, 1, -1, 1))
    sys.exit()

if step == "bf16":
    x = (bits << 16).view(np.float32)
power = np.exp2(x.astype(np.float64))
if step == "f32":
    got = np.load(f"{path}.f32.npy").reshape(-1)
    error = np.abs(got * (1 + power) / power - 1).max()
    # The power, a sum, a division and a product.
    bound = 5e-7
else:
    got = np.load(f"{path}.lse.npy").reshape(-1)
    error = np.abs(np.expm1(got.astype(np.float64)) - power).max()
    bound = 4e-6
print(f"{step}: error {error:.3g}, bound {bound:.3g}")
sys.exit(not error <= bound)
