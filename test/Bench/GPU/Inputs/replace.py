"""Puts other files in the place of objects of a folder: FOLDER [CASE NAME FILE]..."""

import json
import os
import shutil
import sys

folder, *rest = sys.argv[1:]
path = os.path.join(folder, "manifest.json")
manifest = json.load(open(path))
for case, name, file in zip(rest[::3], rest[1::3], rest[2::3]):
    entry = next(e for e in manifest["cases"] if e["case"]["name"] == case)
    found = next(o for o in entry["ours"] if o["name"] == name)
    found["file"] = os.path.join("objects", os.path.basename(file))
    shutil.copy(file, os.path.join(folder, found["file"]))
json.dump(manifest, open(path, "w"))
