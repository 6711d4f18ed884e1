// Each kind of output, by suffix and by --emit.
// RUN: rm -rf %t && mkdir %t

// RUN: attn-compile %s -o %t/f.mlir && FileCheck %s --check-prefix=MLIR < %t/f.mlir
// MLIR: llvm.func @f(
// RUN: attn-compile %s -o - --emit=mlir | FileCheck %s --check-prefix=MLIR

// RUN: attn-compile %s -o %t/f.ll --mcpu=x86-64-v3 --triple=x86_64-linux-gnu
// RUN: FileCheck %s --check-prefix=LL < %t/f.ll
// LL-DAG: source_filename = "kinds.mlir"
// LL-DAG: target triple = "x86_64-unknown-linux-gnu"
// LL-DAG: define {{.*}}i32 @f(
// LL-DAG: define internal {{.*}}@f_body(
// LL-DAG: "target-cpu"="x86-64-v3"
// The IR is whole: llc needs no flag of ours.
// RUN: llc %t/f.ll -filetype=obj -relocation-model=pic -o %t/f-llc.o

// Wide vectors where the processor has them, none elsewhere.
// RUN: attn-compile %s -o - --emit=asm --triple=x86_64-linux-gnu | FileCheck %s --check-prefix=AVX2
// AVX2-NOT: zmm
// AVX2: vfmadd{{.*}}ymm
// RUN: attn-compile %s -o %t/f.s --triple=x86_64-linux-gnu --mcpu=sapphirerapids
// RUN: FileCheck %s --check-prefix=AVX512 < %t/f.s
// AVX512: vfmadd{{.*}}zmm
// RUN: attn-compile %s -o - --emit=asm --triple=x86_64-linux-gnu --mcpu=x86-64-v2 | FileCheck %s --check-prefix=SSE
// A libm call a lane is not a multiply-add.
// SSE-NOT: fmaf
// SSE-NOT: ymm
// SSE: mulps
// RUN: attn-compile %s -o - --emit=asm --triple=aarch64-linux-gnu | FileCheck %s --check-prefix=NEON
// NEON: fmla {{.*}}4s
// RUN: attn-compile %s -o %t/arm.o --triple=aarch64-linux-gnu --mcpu=neoverse-v1
// RUN: llvm-readelf -h %t/arm.o | FileCheck %s --check-prefix=ARM
// ARM: Machine: AArch64

// RUN: attn-compile %s -o %t/f.o && llvm-readelf -h %t/f.o | FileCheck %s --check-prefix=OBJ
// OBJ: Type: REL
// RUN: attn-compile %s -o %t/f.so && llvm-readelf -h %t/f.so | FileCheck %s --check-prefix=SO
// SO: Type: DYN
// RUN: attn-compile %s -o %t/f.bin --emit=obj && llvm-readelf -h %t/f.bin | FileCheck %s --check-prefix=OBJ

// What others see of an object, and of a shared object.
// RUN: llvm-nm --extern-only --defined-only --format=just-symbols %t/f.o | sort | FileCheck %s --check-prefix=NM
// NM:      attn_abi_version
// NM-NEXT: attn_status_string
// NM-NEXT: f{{$}}
// NM-NEXT: f_explain
// NM-NEXT: f_result_shapes
// NM-NEXT: f_workspace_bytes
// NM-NOT:  {{.}}
// RUN: llvm-nm -D --extern-only --defined-only --format=just-symbols %t/f.so | sort | FileCheck %s --check-prefix=NM-SO
// NM-SO:      attn_abi_version
// NM-SO-NEXT: attn_manifest
// NM-SO-NEXT: attn_module_text
// NM-SO-NEXT: attn_openmp_exec
// NM-SO-NEXT: attn_status_string
// NM-SO-NEXT: f{{$}}
// NM-SO-NEXT: f_explain
// NM-SO-NEXT: f_result_shapes
// NM-SO-NEXT: f_workspace_bytes
// NM-SO-NOT:  {{.}}

// RUN: attn-compile %s -o %t/f.o --dump-stages=%t/stages
// RUN: ls %t/stages | FileCheck %s --check-prefix=STAGES
// STAGES: 00-input.mlir
// STAGES: strategy.mlir
// STAGES: llvm.mlir
// STAGES: optimized.ll

!t = tensor<1x4x?x64xf32>
func.func @f(%query: !t, %key: !t, %value: !t) -> !t {
  %0 = attn.sdpa %query, %key, %value causal : (!t, !t, !t) -> !t
  return %0 : !t
}
