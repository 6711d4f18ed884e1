"""Writes a .npy file, version 1, with the given header text and data size."""

import sys

header = sys.argv[1].encode()
out = sys.stdout.buffer
out.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
out.write(bytes(int(sys.argv[2])))
