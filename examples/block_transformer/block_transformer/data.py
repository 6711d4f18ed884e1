"""The King James Bible as bytes, from the Debian package bible-kjv-text.

The text is public domain; the package is 2.4 MB, its reader (bible-kjv) 0.1 MB.
"""

import subprocess
from pathlib import Path

import torch

WHOLE = "gen1:1-rev22:21"


def load_text(path=None):
    """The text, one verse a line, from a file or else from the program `bible`."""
    if path is not None:
        return Path(path).read_bytes()
    return subprocess.check_output(["bible", "-f", WHOLE], stdin=subprocess.DEVNULL)


def split(text, test_share=0.05):
    """(training, test) as int64 tensors; the test text is the end."""
    tokens = torch.frombuffer(bytearray(text), dtype=torch.uint8).long()
    cut = round(len(tokens) * (1 - test_share))
    return tokens[:cut], tokens[cut:]


def random_windows(tokens, batch, length, generator):
    """[batch, length] windows that begin anywhere."""
    starts = torch.randint(len(tokens) - length + 1, (batch, 1), generator=generator)
    return tokens[starts + torch.arange(length)]


def whole_windows(tokens, length):
    """[n, length]: the tokens in order, less the remainder."""
    count = len(tokens) // length
    return tokens[: count * length].view(count, length)
