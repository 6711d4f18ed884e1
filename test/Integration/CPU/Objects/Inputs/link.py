"""link.py MODULE: links shared objects with PATHs of one folder each."""

import os
import pathlib
import shutil
import subprocess
import sys

tool, runner, lld = (shutil.which(t) for t in ("attn-compile", "attn-run", "ld.lld"))
os.symlink(lld, "lld/ld.lld")
broken = pathlib.Path("broken/cc")
broken.write_text("#!/bin/sh\necho cc: out of order >&2\nexit 1\n")
broken.chmod(0o755)


def compile(name, path, *flags):
    done = subprocess.run(
        [tool, sys.argv[1], "-o", "x.so", *flags],
        env={**os.environ, "PATH": path},
        stderr=subprocess.PIPE,
        text=True,
    )
    print(f"{name}: {done.returncode}\n{done.stderr}", end="")
    print("files:", [p.name for p in pathlib.Path().glob("x.*")], flush=True)


for folder in ("empty", "broken", "lld"):
    compile(folder, os.path.abspath(folder))
inputs = [f"--input=1x{h}x50x64xf32=random({h})" for h in (8, 2, 2)]
command = [runner, "x.so", "--verify", *inputs]
done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
print(done.stdout.splitlines()[-1])
os.remove("x.so")
compile("aarch64", os.environ["PATH"], "--triple=aarch64-linux-gnu")
