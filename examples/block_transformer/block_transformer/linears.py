"""Linear layers for inference: weights in the layout that oneDNN multiplies fastest."""

import torch
from torch import nn

# Rows of input that the layout is chosen for; it serves any number. From 8 on it is
# the same for all.
ROWS = 32


class PackedLinear(nn.Module):
    """A linear layer whose weight is packed, with the GELU that may follow it."""

    def __init__(self, linear, gelu=False):
        super().__init__()
        self.in_features = linear.in_features
        self.out_features = linear.out_features
        self.activation = ("gelu", [], "none") if gelu else ("none", [], "")
        self.bias = None if linear.bias is None else linear.bias.detach()
        with torch.no_grad():
            self.packed = torch.ops.mkldnn._reorder_linear_weight(linear.weight, ROWS)
        self.multiply = torch.ops.mkldnn._linear_pointwise.default

    def forward(self, x):
        """x [..., in_features] to [..., out_features]."""
        if torch.is_grad_enabled():
            raise RuntimeError(
                "packed linear layers have no gradient: call the model under "
                "torch.inference_mode or torch.no_grad"
            )
        return self.multiply(x, self.packed, self.bias, *self.activation)


def pack_linears(model):
    """Pack every linear layer of an f32 model on the CPU, for inference only.

    Both kinds of model gain: F.linear calls another library for f32, which on some
    processors needs two to three times as long. Nothing is done where torch was
    built without oneDNN; returns whether it was.
    """
    if not torch.backends.mkldnn.is_available():
        return False
    for parent in list(model.modules()):
        children = list(parent.named_children())
        for i, (name, child) in enumerate(children):
            if not isinstance(child, nn.Linear):
                continue
            follower = children[i + 1] if i + 1 < len(children) else (None, None)
            fused = isinstance(parent, nn.Sequential) and isinstance(
                follower[1], nn.GELU
            )
            setattr(parent, name, PackedLinear(child, fused))
            if fused:
                setattr(parent, follower[0], nn.Identity())
    return True
