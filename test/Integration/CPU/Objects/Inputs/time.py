"""time.py OUT.o MODULE ...: processor time of attn-compile for each module."""

import os
import resource
import subprocess
import sys

for module in sys.argv[2:]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["attn-compile", module, "-o", sys.argv[1]], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{os.path.basename(module)}: {seconds:.2f} s")
