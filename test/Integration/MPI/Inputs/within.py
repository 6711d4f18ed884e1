"""Runs a command that has to fail within some seconds.

usage: within.py SECONDS COMMAND...
"""

import subprocess
import sys

try:
    done = subprocess.run(sys.argv[2:], timeout=float(sys.argv[1]), check=False)
except subprocess.TimeoutExpired:
    sys.exit(f"still running after {sys.argv[1]} s")
if done.returncode == 0:
    sys.exit("exit code 0")
print("exit code not 0")
