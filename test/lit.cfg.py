"""The lit suite of attn-mlir: IR in, IR or text out; executed tests; units."""

import glob
import os
import shutil

import lit.formats

config.name = "attn-mlir"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "Unit", "CMakeLists.txt", "lit.cfg.py"]
config.test_source_root = os.path.join(config.attn_source_dir, "test")
config.test_exec_root = os.path.join(config.attn_binary_dir, "test")

config.environment["PATH"] = os.pathsep.join(
    [
        os.path.join(config.attn_binary_dir, "bin"),
        config.llvm_tools_dir,
        config.environment.get("PATH", ""),
    ]
)
config.environment["LC_ALL"] = "C.UTF-8"
config.substitutions.append(("%python", '"' + config.python + '"'))
config.substitutions.append(("%attn_src", config.attn_source_dir))
config.substitutions.append(("%mlir_include", config.mlir_include_dir))

# Compiled functions are linked into C programs by the clang beside the tools.
if os.path.exists(os.path.join(config.llvm_tools_dir, "clang")):
    config.available_features.add("clang")

# NVIDIA's assembler, where attn-compile finds it.
roots = [os.environ.get(name) for name in ("CUDA_HOME", "CUDA_ROOT", "CUDA_PATH")]
if shutil.which("ptxas") or any(
    root and os.path.exists(os.path.join(root, "bin", "ptxas")) for root in roots
):
    config.available_features.add("ptxas")
for name in ("CUDA_HOME", "CUDA_ROOT", "CUDA_PATH"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
# The driver's header, which nothing is built with: what is known of it is checked.
toolkits = [root for root in roots if root] + sorted(glob.glob("/usr/local/cuda*"))
headers = [os.path.join(root, "include", "cuda.h") for root in toolkits]
for header in filter(os.path.exists, headers):
    config.available_features.add("cuda-header")
    config.substitutions.append(("%cuda_include", os.path.dirname(header)))
    break
# Its disassembler, of the toolkit or as scripts/test.sh installs it.
packages = os.path.join(
    config.attn_binary_dir, "torch-venv/lib/python*/site-packages/nvidia/cu*/bin"
)
places = [os.path.join(root, "bin") for root in roots if root] + glob.glob(packages)
nvdisasm = shutil.which("nvdisasm") or shutil.which(
    "nvdisasm", path=os.pathsep.join(places)
)
if nvdisasm:
    config.available_features.add("nvdisasm")
    config.substitutions.append(("%nvdisasm", nvdisasm))
config.substitutions.append(
    ("%attn_tools", os.path.join(config.attn_binary_dir, "bin"))
)

# Several ranks on this machine, whatever it has of cores, and whoever we are.
lib = os.path.join(config.attn_binary_dir, "lib")
config.substitutions.append(("%attn_lib", lib))
if config.mpiexec and os.path.exists(os.path.join(lib, "libattn_comm_mpi.so")):
    config.available_features.add("mpi")
    config.environment.update(
        OMPI_ALLOW_RUN_AS_ROOT="1",
        OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
        OMPI_MCA_rmaps_base_oversubscribe="1",
        OMPI_MCA_hwloc_base_binding_policy="none",
        # Containers forbid processes to read each other's memory.
        OMPI_MCA_btl_vader_single_copy_mechanism="none",
    )
config.substitutions.append(("%mpirun", "timeout -k 5 120 " + config.mpiexec + " -n"))
for name, prefix, paths in [
    ("%mpi_cflags", "-isystem ", config.mpi_include_dirs),
    ("%mpi_libs", "", config.mpi_libraries),
]:
    flags = " ".join(prefix + path for path in paths.split(";") if path)
    config.substitutions.append((name, flags))

if config.sanitize:
    config.available_features.add("sanitized")
    # libMLIR and libLLVM are not instrumented: containers and memory that
    # cross that border look wrong to the checks switched off here. Among it
    # the slabs of a BumpPtrAllocator: our side poisons a slab it starts, and
    # libMLIR hands out pieces of it without unpoisoning them.
    config.environment["ASAN_OPTIONS"] = (
        "detect_container_overflow=0:detect_leaks=0:alloc_dealloc_mismatch=0:"
        "allow_user_poisoning=0:"
        "detect_odr_violation=0:"
        # Tests of what happens without memory, and of faults that must end
        # the process by their signal.
        "allocator_may_return_null=1:handle_segv=0:handle_abort=0"
    )
    config.environment["UBSAN_OPTIONS"] = "print_stacktrace=1"
