"""Token decoders: one context vector to the logits of one block."""

import torch
from torch import nn

from .config import BOS, VOCAB_SIZE
from .layers import Layer, new_caches


class TokenDecoder(nn.Module):
    """What the variants share: `condition` is what each adds.

    R is any batch of blocks: every block is decoded on its own, and its
    positions start at 0.
    """

    rotary = True
    cross = False

    def __init__(self, config):
        super().__init__()
        self.block_len = config.block_len
        # Positions of a block: the lead vectors and all tokens but the last.
        lead = config.prefix_len if config.token_decoder == "prefix" else 1
        self.num_positions = lead + config.block_len - 1
        self.table = nn.Embedding(VOCAB_SIZE, config.width)
        self.layers = nn.ModuleList(
            Layer(config.width, config.num_heads, rotary=self.rotary, cross=self.cross)
            for _ in range(config.token_layers)
        )
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, VOCAB_SIZE, bias=False)

    def condition(self, context):
        """context [R, D] to (lead [R, P, D], added [R, block_len, D] or None,
        key and value of each layer or None)."""
        raise NotImplementedError

    def bias(self, query_start, query_end):
        """Bias on the self-attention scores of those queries, or None."""
        return None

    def forward(self, context, tokens):
        """Teacher-forced: context [R, D], tokens [R, block_len] to [R, block_len, V].

        The last token is never an input.
        """
        lead, added, states = self.condition(context)
        x = torch.cat([lead, self.table(tokens[:, :-1])], dim=1)
        if added is not None:
            x = x + added
        x = self._run(x, states, None, self.bias(0, x.shape[1]))
        return self.head(x[:, lead.shape[1] - 1 :])

    def start(self, context, done=None):
        """State for decoding one block from each context [R, D] step by step.

        `done` is a state of as many blocks, whose memory is used again.
        """
        return TokenState(self, context, done)

    def step(self, state, tokens=None):
        """Logits [R, V] of the next token.

        tokens [R] are those chosen at the step before, None at the first step.
        """
        index = state.count
        if index == self.block_len:
            raise ValueError(
                f"expects at most {self.block_len} tokens from one context vector, "
                f"but got a request for {index + 1}"
            )
        if (tokens is None) != (index == 0):
            raise ValueError("expects tokens at every step but the first")
        x = state.lead if tokens is None else self.table(tokens)[:, None]
        if state.added is not None:
            x = x + state.added[:, index : index + 1]
        bias = self.bias(index, index + 1)
        x = self._run(x, state.states, state.caches, bias)
        state.count += 1
        return self.head(x[:, -1])

    def _run(self, x, states, caches, bias):
        for i, layer in enumerate(self.layers):
            x = layer(
                x,
                causal=True,
                bias=bias,
                cache=caches and caches[i],
                states=states and states[i],
            )
        return self.norm(x)


class TokenState:
    """Private cache of one block, at most P + block_len - 1 positions."""

    def __init__(self, decoder, context, done=None):
        self.lead, self.added, self.states = decoder.condition(context)
        if done is None:
            self.caches = new_caches(
                decoder.layers, len(context), decoder.num_positions, context
            )
        else:
            self.caches = done.caches
            for cache in self.caches:
                cache.clear()
        self.count = 0


class PrefixTokenDecoder(TokenDecoder):
    """The context becomes prefix_len vectors before the tokens."""

    def __init__(self, config):
        super().__init__(config)
        self.prefix_len = config.prefix_len
        self.project = nn.Linear(config.width, config.prefix_len * config.width)

    def condition(self, context):
        return self.project(context).unflatten(-1, (self.prefix_len, -1)), None, None


class SummationTokenDecoder(TokenDecoder):
    """The context becomes one vector for each position, added to its input."""

    def __init__(self, config):
        super().__init__(config)
        self.project = nn.Linear(config.width, config.block_len * config.width)

    def condition(self, context):
        bos = self.table.weight[BOS].expand(len(context), 1, -1)
        return bos, self.project(context).unflatten(-1, (self.block_len, -1)), None


class CrossTokenDecoder(TokenDecoder):
    """Each layer attends to block_len states made from the context.

    As in T5: unscaled scores, and a relative-position bias, shared by the
    layers, in self-attention (each distance below 16 has its own T5 bucket).
    """

    rotary = False
    cross = True

    def __init__(self, config):
        super().__init__(config)
        self.project = nn.Linear(config.width, config.block_len * config.width)
        self.distance_bias = nn.Parameter(torch.zeros(config.num_heads, self.block_len))

    def condition(self, context):
        bos = self.table.weight[BOS].expand(len(context), 1, -1)
        states = self.project(context).unflatten(-1, (self.block_len, -1))
        return bos, None, [x.cross_attention.key_value(states) for x in self.layers]

    def bias(self, query_start, query_end):
        device = self.distance_bias.device
        query = torch.arange(query_start, query_end, device=device)[:, None]
        key = torch.arange(query_end, device=device)
        return self.distance_bias[:, (query - key).clamp(min=0)]


def make_token_decoder(config):
    """The token decoder that `config.token_decoder` names."""
    kinds = {
        "prefix": PrefixTokenDecoder,
        "summation": SummationTokenDecoder,
        "cross": CrossTokenDecoder,
    }
    return kinds[config.token_decoder](config)
