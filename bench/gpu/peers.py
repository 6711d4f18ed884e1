"""Contenders of others: PyTorch's SDPA, FlexAttention, Triton's tutorial."""

import contextlib
import functools
import importlib.util
import inspect
import os
import sys
import types
import warnings

import torch
import torch.nn.functional as F
from cases import MODIFIERS, visibility
from contender import Contender, Missing, Unsupported
from modules import output_sizes
from torch.nn.attention import SDPBackend, sdpa_kernel

BACKENDS = {
    "torch-flash": "FLASH_ATTENTION",
    "torch-folded": "FLASH_ATTENTION",
    "torch-cudnn": "CUDNN_ATTENTION",
    "torch-efficient": "EFFICIENT_ATTENTION",
}
# What SDPA says where the one backend that it may use does not take a problem.
NO_KERNEL = ("No available kernel", "No viable backend")


class Calls(Contender):
    """Takes the sets of tensors of a problem in turns."""

    def __init__(
        self, name, calls, detail="", context=contextlib.nullcontext, shape=None
    ):
        self.name, self.calls, self.detail, self.shape = name, calls, detail, shape
        self.context, self.at = context, 0

    def enter(self):
        self.entered = self.context()
        self.entered.__enter__()

    def leave(self):
        self.entered.__exit__(None, None, None)

    def run(self):
        out = self.calls[self.at]()
        self.at = (self.at + 1) % len(self.calls)
        return out

    def output(self):
        """The result of the first set, in the shape of the case: not a part of what
        is timed, since peers may have to copy for it."""
        self.enter()
        try:
            found = self.calls[0]()
        finally:
            self.leave()
        return found.reshape(self.shape) if self.shape else found


def make(name, problem, options):
    """The contender of this name; throws Missing or Unsupported with the reason."""
    if name in BACKENDS:
        return _sdpa(name, problem)
    if name == "flex":
        return _flex(problem)
    return _triton(problem, options["triton"], options["without_tutorial"])


def reason_of(error, caught):
    """Why a call threw: torch says it in warnings, and then that it has no kernel."""
    said = []
    for warning in caught:
        line = str(warning.message).strip().splitlines()[0]
        line = line.split(" (Triggered internally")[0]
        if line not in said and "deprecat" not in line:
            said.append(line)
    text = str(error).strip().splitlines()
    said.insert(0, text[0] if text else type(error).__name__)
    return "; ".join(said)[:400]


def _sdpa(name, problem):
    case = problem.case
    backend = getattr(SDPBackend, BACKENDS[name], None)
    if backend is None:
        raise Missing(f"torch {torch.__version__} has no {BACKENDS[name]}")
    # An argument since torch 2.5.
    options = {"enable_gqa": True} if case.group > 1 else {}
    if case.modifier in ("softcap", "alibi", "window", "relative"):
        raise Unsupported(f"SDPA has no {case.modifier} but as a dense mask")
    if case.modifier == "bias":
        options["attn_mask"] = problem.shared["bias"]
        if case.causal:
            raise Unsupported("SDPA takes a mask or is_causal, not both")
    elif case.causal:
        options["is_causal"] = True
    fold = _same_tensor
    if name == "torch-folded":
        # The heads of a group as queries: what a user who knows decode writes.
        if case.group == 1:
            raise Unsupported("a group of one head is torch-flash")
        shape = (case.batch, case.kv_heads, case.group, case.head_dim)
        fold, options = functools.partial(_as_shape, shape=shape), {}
    keys = _same_tensor
    if case.kind == "blocks":
        # Blocks are heads of their own.
        if case.seq_kv % case.block_len or case.group > 1:
            raise Unsupported("no view of the tensors has a block for a head")
        count = case.seq_kv // case.block_len
        shape = (case.batch, case.heads * count, case.block_len, case.head_dim)
        fold = keys = functools.partial(_as_shape, shape=shape)
    calls = []
    for tensors in problem.sets:
        q, k, v = (tensors[n] for n in ("query", "key", "value"))
        calls.append(
            functools.partial(
                F.scaled_dot_product_attention, fold(q), keys(k), keys(v), **options
            )
        )
    context = functools.partial(sdpa_kernel, [backend])
    return Calls(name, calls, "", context, output_sizes(case))


def _same_tensor(tensor):
    return tensor


def _as_shape(tensor, shape):
    return tensor.view(shape)


def _flex(problem):
    try:
        from torch.nn.attention.flex_attention import (
            create_block_mask,
            flex_attention,
        )
    except ImportError as error:
        raise Missing(str(error)) from error
    case, device = problem.case, problem.device
    attend = flex_attention
    if device.flex_compiled:
        # Of each case anew: what was compiled before counts against a limit.
        torch._dynamo.reset()
        attend = torch.compile(flex_attention, dynamic=False)
    options = {"enable_gqa": True} if case.group > 1 else {}
    modify = _score_mod(case, problem)
    if modify:
        options["score_mod"] = modify
    sees = visibility(case)
    if sees:

        def mask_mod(b, h, i, j):
            return sees(i, j)

        options["block_mask"] = create_block_mask(
            mask_mod, None, None, case.seq_q, case.seq_kv, device=device.type
        )
    calls = [
        functools.partial(attend, s["query"], s["key"], s["value"], **options)
        for s in problem.sets
    ]
    return Calls("flex", calls, "compiled" if device.flex_compiled else "eager")


def _score_mod(case, problem):
    if case.modifier == "softcap":
        cap = float(MODIFIERS["softcap"])

        def softcap(score, b, h, i, j):
            return cap * torch.tanh(score / cap)

        return softcap
    if case.modifier == "alibi":
        slopes = problem.shared["slopes"]

        def alibi(score, b, h, i, j):
            return score + slopes[h] * (j - i)

        return alibi
    if case.modifier == "relative":
        table, reach = problem.shared["table"], MODIFIERS["relative"]

        def relative(score, b, h, i, j):
            return score + table[h, torch.clamp(j - i, -reach, reach) + reach]

        return relative
    if case.modifier == "bias":
        bias = problem.shared["bias"]

        def add(score, b, h, i, j):
            return score + bias[0, h, i, j]

        return add
    return None


@functools.cache
def _load_tutorial(path):
    try:
        import pytest  # noqa: F401
    except ImportError:
        # It has tests, too, which nobody runs here.
        pytest = types.ModuleType("pytest")
        pytest.mark = types.SimpleNamespace(
            parametrize=lambda *arguments, **options: lambda function: function
        )
        sys.modules["pytest"] = pytest
    spec = importlib.util.spec_from_file_location("triton_tutorial", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _triton(problem, path, why):
    """`attention` of Triton's python/tutorials/06-fused-attention.py, which no
    package has."""
    case = problem.case
    if case.dtype != "f16":
        raise Unsupported("the tutorial is of f16")
    square = case.seq_q == case.seq_kv and case.value_dim == case.head_dim
    if case.group > 1 or case.modifier != "none" or not square:
        raise Unsupported("the tutorial has neither groups nor modifiers")
    if not path or not os.path.exists(path):
        raise Missing(f"no Triton tutorial (--triton=FILE): {why}")
    try:
        module = _load_tutorial(path)
    except ImportError as error:
        raise Missing(f"{path}: {error}") from error
    options = (case.causal, case.head_dim**-0.5)
    # Of later versions; not for Hopper, as they themselves say.
    if "warp_specialize" in inspect.signature(module._attention.forward).parameters:
        options += (False,)
    calls = [
        functools.partial(module.attention, s["query"], s["key"], s["value"], *options)
        for s in problem.sets
    ]
    return Calls("triton", calls, "06-fused-attention.py, autotuned")


@contextlib.contextmanager
def collect_warnings():
    """Warnings are of interest only where what they are about does not work."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught
