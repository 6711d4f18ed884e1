"""A peer that forgets the mask, and one that throws."""

from contender import Contender

import numpy_peer

VERSION = "wrong peers"


class Wrong(numpy_peer.Dense):
    name = "wrong_peer"

    def run(self):
        super().run()
        self.out[0, 0, 0, 0] += 1


class Throws(Contender):
    name = "throwing_peer"

    def run(self):
        raise RuntimeError("out of order\nsecond line")


def candidates(inputs, threads):
    yield "wrong_peer", [lambda: Wrong(inputs)]
    yield "throwing_peer", [Throws]
