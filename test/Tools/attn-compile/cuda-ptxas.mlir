// What ptxas makes of kernels, and says of them.
// REQUIRES: ptxas
// RUN: rm -rf %t && mkdir %t && cd %t
// RUN: attn-compile %S/cuda.mlir -o decode.cubin --arch=sm_90a
// RUN: llvm-readelf-22 -h decode.cubin | FileCheck %s --check-prefix=CUBIN || od -A n -N 4 -c decode.cubin | FileCheck %s --check-prefix=MAGIC
// CUBIN: ELF64
// MAGIC: E   L   F
// RUN: attn-compile %S/cuda.mlir -o - --emit=llvm --target=cuda --arch=sm_80,sm_90a | FileCheck %s
// CHECK-DAG: \22kind\22: \22cuda\22
// CHECK-DAG: \22arch\22: \22sm_80\22
// CHECK-DAG: \22arch\22: \22sm_90a\22
// CHECK-DAG: \22registers\22: {{[1-9][0-9]*}}
// CHECK-DAG: \22spill_store_bytes\22: 0
