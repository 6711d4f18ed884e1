"""damage.py FILE.so DIR: copies of a shared object with one thing wrong each."""

import pathlib
import sys

good = pathlib.Path(sys.argv[1]).read_bytes()
folder = pathlib.Path(sys.argv[2])


def replace(name, old, new):
    """The manifest is text of fixed length: what is said changes in place."""
    assert len(old) == len(new) and good.count(old) >= 1, (old, good.count(old))
    (folder / name).write_bytes(good.replace(old, new))


(folder / "short.so").write_bytes(good[:100])
(folder / "half.so").write_bytes(good[: len(good) // 2])
replace("version.so", b'"abi_version": 1', b'"abi_version": 9')
replace("json.so", b'"format":', b'"format";')
replace("key.so", b'"functions":', b'"functionz":')
replace("feature.so", b'"avx2"', b'"avxz"')
replace("type.so", b'"tensor<3xf32>"', b'"vector<3xf32>"')
