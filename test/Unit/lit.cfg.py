"""GoogleTest executables of unittests/, run by lit beside the IR tests."""

import os

import lit.formats

config.name = "attn-mlir-unit"
config.suffixes = []
config.test_source_root = os.path.join(config.attn_binary_dir, "unittests")
config.test_exec_root = config.test_source_root
config.test_format = lit.formats.GoogleTest(".", "Tests")
