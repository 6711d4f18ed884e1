"""scaled_dot_product_attention, by the backend that is forced."""

import warnings


from . import attention


def scaled_dot_product_attention(
    query,
    key,
    value,
    attn_mask=None,
    dropout_p=0.0,
    is_causal=False,
    scale=None,
    enable_gqa=False,
):
    backends = attention.forced
    assert backends is not None, "no backend is forced"
    group = query.size(1) // key.size(1)
    if group > 1 and not enable_gqa:
        raise RuntimeError("The size of tensor a must match the size of tensor b")
    # What the real ones do not take here, and how they say so.
    if attention.SDPBackend.CUDNN_ATTENTION in backends and query.size(2) == 1:
        warnings.warn("cuDNN attention does not take this (Triggered internally at x)")
        raise RuntimeError("No available kernel. Aborting execution.")
    if attention.SDPBackend.FLASH_ATTENTION in backends:
        if key.size(3) != value.size(3) or attn_mask is not None:
            raise RuntimeError("No available kernel. Aborting execution.")
    found = attention.attend(query, key, value, attn_mask, is_causal, scale)
    # The rows of all heads lie side by side, as CUDA's kernels leave them.
    return found.transpose(1, 2).contiguous().transpose(1, 2)
