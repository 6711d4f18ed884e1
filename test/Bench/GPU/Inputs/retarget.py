"""Says of a folder of objects for processors that they are for a GPU: FOLDER."""

import json
import os
import sys

path = os.path.join(sys.argv[1], "manifest.json")
manifest = json.load(open(path)) | {"target": "cuda", "arch": "sm_90a"}
json.dump(manifest, open(path, "w"))
