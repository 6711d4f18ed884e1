"""PyTorch's scaled_dot_product_attention on the CPU."""

import ctypes

import numpy as np

from contender import Contender, Missing, Unsupported

try:
    import torch
    import torch.nn.functional as F
    from torch.nn.attention import SDPBackend, sdpa_kernel
except ImportError as error:
    raise Missing(str(error)) from error

VERSION = f"PyTorch {torch.__version__}"

_TYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


def _tensor(array, dtype):
    if dtype == "bf16":
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def keep_freed_memory():
    """Results of hundreds of megabytes stay in the process when they are freed, as
    small ones do: PyTorch cannot write into ours, and new pages would cost it more
    than the attention of small blocks."""
    libc = ctypes.CDLL(None)
    mmap_max, trim_threshold = -4, -1
    libc.mallopt(mmap_max, 0)
    libc.mallopt(trim_threshold, (1 << 31) - 1)


class Sdpa(Contender):
    name = "torch"

    def __init__(self, inputs, threads, backend):
        case = inputs.case
        self.threads = threads
        self.backend = backend
        self.detail = backend.name.lower().replace("_attention", "")
        self.query, self.key, self.value = (
            _tensor(a, case.dtype) for a in (inputs.query, inputs.key, inputs.value)
        )
        self.options = {"enable_gqa": case.group > 1}
        square = (case.seq_q, case.seq_kv)
        if case.modifier == "softcap":
            raise Unsupported("SDPA has no softcap")
        if case.modifier == "bias":
            self.options["attn_mask"] = _tensor(inputs.bias, case.dtype)
        elif case.modifier == "mask":
            self.options["attn_mask"] = torch.from_numpy(inputs.mask.view(np.bool_))
        elif case.modifier in ("alibi", "window"):
            i = torch.arange(square[0])[:, None]
            j = torch.arange(square[1])[None, :]
            if case.modifier == "alibi":
                slopes = torch.from_numpy(inputs.slopes)[None, :, None, None]
                mask = (slopes * (j - i)).to(_TYPES[case.dtype])
            else:
                from shapes import MODIFIERS

                mask = (j <= i) & (j >= i - MODIFIERS["window"])
            self.options["attn_mask"] = mask
            if case.causal and case.modifier == "alibi":
                raise Unsupported("SDPA takes a mask or is_causal, not both")
        elif case.causal:
            self.options["is_causal"] = True

    def enter(self):
        torch.set_num_threads(self.threads)
        self.context = sdpa_kernel([self.backend])
        self.context.__enter__()

    def leave(self):
        self.context.__exit__(None, None, None)

    def run(self):
        with torch.inference_mode():
            self.out = F.scaled_dot_product_attention(
                self.query, self.key, self.value, **self.options
            )

    def output(self):
        out = self.out.contiguous()
        if out.dtype == torch.bfloat16:
            return out.view(torch.int16).numpy().view(np.uint16)
        return out.numpy()


class Folded(Sdpa):
    """The group's heads as query rows: what a user who knows decode writes.
    One query row a head, so no mask says anything else."""

    name = "torch-folded"

    def __init__(self, inputs, threads):
        super().__init__(inputs, threads, SDPBackend.FLASH_ATTENTION)
        case = inputs.case
        self.shape = (case.batch, case.heads, 1, case.head_dim)
        self.query = self.query.view(
            case.batch, case.kv_heads, case.group, case.head_dim
        )
        self.options = {}

    def output(self):
        out = super().output()
        return out.reshape(self.shape)


def candidates(inputs, threads):
    """Lists of alternatives; the benchmark keeps the fastest of each."""
    case = inputs.case
    if case.kind == "sparq":
        # Here, not above: that file needs torch, and this one says if it is missing.
        import peer_torch_sparq

        yield from peer_torch_sparq.candidates(inputs, threads)
        return
    if case.kind == "block-score":
        keep_freed_memory()
    yield "torch", [
        lambda b=b: Sdpa(inputs, threads, b)
        for b in (SDPBackend.FLASH_ATTENTION, SDPBackend.MATH)
    ]
    plain = not case.causal and case.modifier == "none"
    if case.kind == "decode" and case.group > 1 and case.seq_q == 1 and plain:
        yield "torch-folded", [lambda: Folded(inputs, threads)]
