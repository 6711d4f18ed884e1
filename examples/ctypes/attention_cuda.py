#!/usr/bin/env python3
"""Calls a shared object with GPU kernels on torch CUDA tensors, with ctypes alone.

    attn-compile examples/causal_gqa.mlir -o causal_gqa.so --target=cuda --arch=sm_90a,sm_80
    python3 examples/ctypes/attention_cuda.py causal_gqa.so

Tensors are passed as they are, by data_ptr() and strides, and the kernels run on
torch's current stream. Without torch, an NVIDIA driver or a GPU it says so and
exits 77; beyond that it has not been run where this file was written, which had
no GPU.
"""

import ctypes
import json
import os
import sys

from attention import Exec, Tensor


def skip(why):
    print(f"attention_cuda.py: not run: {why}", file=sys.stderr)
    sys.exit(77)


def describe(tensor, dtype):
    """attn_tensor of a torch tensor, whose rows may lie anywhere."""
    described = Tensor(tensor.data_ptr(), dtype, tensor.dim())
    for d in range(tensor.dim()):
        described.sizes[d] = tensor.size(d)
        described.strides[d] = tensor.stride(d)
    return described


class CudaLibrary:
    """The functions of a shared object for GPUs, by name."""

    def __init__(self, path, torch):
        self.torch = torch
        self.lib = ctypes.CDLL(os.path.abspath(path))
        for name in ("attn_manifest", "attn_status_string", "attn_gpu_error"):
            getattr(self.lib, name).restype = ctypes.c_char_p
        self.manifest = json.loads(self.lib.attn_manifest())
        if self.manifest["kind"] != "cuda":
            raise RuntimeError(f"{path} is compiled for the CPU")
        self.functions = {f["name"]: f for f in self.manifest["functions"]}
        self.types = {
            "f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16,
            "i8": torch.int8, "i1": torch.bool, "i32": torch.int32,
            "i64": torch.int64,
        }  # fmt: skip

    def call(self, name, *tensors):
        """Calls a function of tensors, on the current stream."""
        function = self.functions[name]
        args = (Tensor * len(tensors))(
            *(
                describe(tensor, parameter["dtype"])
                for tensor, parameter in zip(tensors, function["arguments"])
            )
        )
        parameters = function["results"]
        results = (Tensor * len(parameters))()
        stream = self.torch.cuda.current_stream().cuda_stream
        run = Exec(stream=stream)

        def check(status):
            if status == 0:
                return
            why = self.lib.attn_gpu_error() if status == 12 else None
            explain = getattr(self.lib, name + "_explain")
            explain.restype = ctypes.c_char_p
            why = why or explain(args, len(args), None, 0)
            why = why or self.lib.attn_status_string(status)
            raise ValueError(f"{name}: {why.decode()}")

        shapes = getattr(self.lib, name + "_result_shapes")
        check(shapes(args, len(args), results, len(results)))
        outputs = []
        for i, parameter in enumerate(parameters):
            shape = results[i].sizes[: results[i].rank]
            outputs.append(
                self.torch.empty(
                    shape, dtype=self.types[parameter["element"]], device="cuda"
                )
            )
            results[i] = describe(outputs[i], parameter["dtype"])
        size = ctypes.c_size_t()
        workspace_bytes = getattr(self.lib, name + "_workspace_bytes")
        check(
            workspace_bytes(
                args, len(args), ctypes.byref(run), ctypes.byref(size)
            )
        )
        # Of this stream: torch does not give it to others before the kernels
        # are done with it.
        workspace = self.torch.empty(
            size.value, dtype=self.torch.uint8, device="cuda"
        )
        check(
            getattr(self.lib, name)(
                args, len(args), results, len(results),
                ctypes.c_void_p(workspace.data_ptr()), size, ctypes.byref(run),
            )  # fmt: skip
        )
        return outputs[0] if len(outputs) == 1 else tuple(outputs)


def main():
    try:
        import torch
    except ImportError:
        skip("there is no torch")
    if not torch.cuda.is_available():
        skip("torch finds no NVIDIA GPU")
    library = CudaLibrary(sys.argv[1], torch)
    name = next(iter(library.functions))
    element = library.functions[name]["arguments"][0]["element"]
    torch.manual_seed(0)
    # Sequences before heads, as many programs have them: views, not copies.
    query, key, value = (
        torch.randn(
            2, length, heads, 64, device="cuda", dtype=library.types[element]
        ).transpose(1, 2)
        for length, heads in ((100, 8), (100, 2), (100, 2))
    )
    output = library.call(name, query, key, value)
    expected = torch.nn.functional.scaled_dot_product_attention(
        *(x.double() for x in (query, key, value)),
        is_causal=True,
        enable_gqa=True,
    )
    error = (output.double() - expected).abs().max().item()
    print(f"{name}: largest error {error:.1e}")
    sys.exit(0 if error < (2e-2 if element != "f32" else 1e-4) else 2)


if __name__ == "__main__":
    main()
