// A communicator is given by attn-run: without a launcher, this process alone.
// RUN: attn-run %s --input=1x8x3x64xf32="random(1)" --input=1x2x100x64xf32="random(2)" --verify | FileCheck %s
// RUN: attn-run %s --input=k:=1x2x100x64xf32="random(2)" --input=q:=1x8x3x64xf32="random(1)" --verify=ops | FileCheck %s --check-prefixes=CHECK,OPS
// RUN: attn-compile %s -o %t.so
// RUN: attn-run %t.so --input=1x8x3x64xf32="random(1)" --input=1x2x100x64xf32="random(2)" --verify | FileCheck %s
// CHECK: result 0: 1x8x3x64xf32
// CHECK: verify: result 0: max error {{.*}}e-0
// CHECK-NOT: FAILED
// OPS: verify: {{.*}}: attn.partial result 1
// OPS-NOT: attn.dist_merge

// RUN: not attn-run %s --input=comm:=1:index 2>&1 | FileCheck %s --check-prefix=GIVEN
// GIVEN: attn-run: error: --input='comm:=1:index': argument 2 ('comm') of type !attn.comm is given by attn-run: the ranks that mpirun started, or this process alone

// RUN: not attn-run %s --input=1x8x3x64xf32=zeros 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: attn-run: error: no --input for argument 1 ('k') of type 1x2x?x64xf32; the function takes q: 1x8x3x64xf32, k: 1x2x?x64xf32, comm: !attn.comm

// Started by a launcher, and nothing here that knows MPI.
// RUN: env OMPI_COMM_WORLD_SIZE=2 ATTN_COMM_LIBRARY=%t.missing.so %python -c "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode != 77)" attn-run %s --input=1x8x3x64xf32=zeros --input=1x2x9x64xf32=zeros 2>&1 | FileCheck %s --check-prefix=NOMPI
// NOMPI: attn-run: error: several ranks need MPI: {{.*}}missing.so: cannot open shared object file: {{.*}}; it is built where CMake finds MPI (Debian: libopenmpi-dev)
!q = tensor<1x8x3x64xf32>
!kv = tensor<1x2x?x64xf32>
!l = tensor<1x8x3xf32>
func.func @phase2(%q: !q, %k: !kv, %comm: !attn.comm) -> (!q, !l) {
  %eo = tensor.empty() : !q
  %el = tensor.empty() : !l
  %p:2 = attn.partial ins(%q, %k, %k) outs(%eo, %el)
    : (!q, !kv, !kv, !q, !l) -> (!q, !l)
  %m:2 = attn.dist_merge comm(%comm) outs(%p#0, %p#1) payload(bf16)
    : (!attn.comm, !q, !l) -> (!q, !l)
  return %m#0, %m#1 : !q, !l
}
