"""Generation by either kind of model; for blocks as algorithms.md 4.3 says."""

import torch

from .config import EOS, PAD


def greedy(logits):
    """The most likely token: logits [B, V] to [B]."""
    return logits.argmax(-1)


@torch.inference_mode()
def generate(model, prompts, max_new_tokens, pick=greedy):
    """Continue each prompt (a list of ints) by at most max_new_tokens tokens.

    Returns tokens [B, new], PAD after a sequence's EOS; `new` is less than
    max_new_tokens only if every sequence has ended. `pick` chooses tokens [B]
    from logits [B, V], which mean nothing for sequences that have ended.
    """
    if max_new_tokens < 1:
        raise ValueError(
            f"expects max_new_tokens of at least 1, but got {max_new_tokens}"
        )
    if min(len(prompt) for prompt in prompts) == 0:
        raise ValueError("expects prompts of at least 1 token, but got 0")
    steps = model.steps(prompts, max_new_tokens)
    logits = next(steps)
    ended = torch.zeros(len(prompts), dtype=torch.bool, device=logits.device)
    generated = []
    while True:
        tokens = pick(logits).masked_fill(ended, PAD)
        generated.append(tokens)
        ended |= tokens == EOS
        if len(generated) == max_new_tokens or ended.all():
            return torch.stack(generated, 1)
        logits = steps.send(tokens)
