"""What every peer offers to the benchmark."""


class Unsupported(Exception):
    """A peer cannot do this case; the message is its reason."""


class Missing(Exception):
    """A peer is not installed; the message says what was tried."""


class Contender:
    """One implementation bound to the arrays of a case and to a thread count.

    `run()` is what is timed, `output()` is the result of the last run as
    [batch, heads, seq, head_dim] of the case's storage type. `enter()` and
    `leave()` surround a series of runs, outside the time."""

    name = ""  # what the table calls the peer
    detail = ""  # which of its kernels this is
    once = False  # takes so long that its first run is the time
    tokens = 1  # times are shown for each of so many that a run makes

    def enter(self):
        pass

    def leave(self):
        pass

    def run(self):
        raise NotImplementedError

    def output(self):
        raise NotImplementedError


def first_line(error):
    text = str(error).strip()
    line = text.splitlines()[0] if text else type(error).__name__
    return line[:160]
