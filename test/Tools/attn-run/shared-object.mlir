// attn-run on what attn-compile made: inputs, outputs, the reference, times.
// RUN: rm -rf %t && mkdir %t
// RUN: attn-compile %s -o %t/f.so
// RUN: attn-run %t/f.so --function=f --verify --output=@%t/so.npy --threads=2 \
// RUN:   --input='2x4x33x64xf32=random(1)' --input='2x2x47x64xf32=random(2)' --input='2x2x47x64xf32=random(3)' | FileCheck %s --check-prefix=VERIFY
// VERIFY: result 1: 2x4x33xf32
// VERIFY: verify: result 0: max error {{.*}} (bound {{[^)]*}}){{$}}
// VERIFY: verify: result 1: max error {{.*}} (bound {{[^)]*}}){{$}}
// The same numbers as from the module on any number of threads.
// RUN: attn-run %t/f.so --function=f --output=@%t/serial.npy --threads=1 \
// RUN:   --input='query:=2x4x33x64xf32=random(1)' --input='2x2x47x64xf32=random(2)' --input='2x2x47x64xf32=random(3)' | FileCheck %s --check-prefix=ONE
// ONE-NOT: result 0
// ONE:     result 1
// RUN: cmp %t/so.npy %t/serial.npy

// Scalars and no arguments at all.
// RUN: attn-run %t/f.so --function=scalars --input=2.5:f32 --input=4:index | FileCheck %s --check-prefix=SCALARS
// SCALARS: result 0: index  [4]
// SCALARS: result 1: f32  [5]

// An updated argument, which is a result of the module, too.
// RUN: attn-run %t/f.so --function=update --verify --input=3xf32=2 | FileCheck %s --check-prefix=UPDATE
// UPDATE: result 0: 3xf32 {{.*}} [4, 4, 4]
// UPDATE: result 1: 3xf32 {{.*}} [3, 3, 3]
// UPDATE: verify: result 0: max error 0
// UPDATE: verify: result 1: max error 0

// RUN: attn-run %t/f.so --function=f --benchmark=1 \
// RUN:   --input='1x4x33x64xf32=random(1)' --input='1x2x47x64xf32=random(2)' --input='1x2x47x64xf32=random(3)' | FileCheck %s --check-prefix=BENCHMARK
// BENCHMARK: time
// BENCHMARK: counted work

// Without the module there is nothing to compare with or to count.
// RUN: attn-compile %s -o %t/bare.so --no-embed-ir
// RUN: attn-run %t/bare.so --function=update --benchmark=1 --input=3xf32=2 | FileCheck %s --check-prefix=BARE
// BARE: result 0: 3xf32 {{.*}} [4, 4, 4]
// BARE: result 1: 3xf32 {{.*}} [3, 3, 3]
// BARE: no module in '{{.*}}bare.so' (--no-embed-ir): its work is not counted
// BARE-NOT: counted work
// RUN: not attn-run %t/bare.so --function=update --verify --input=3xf32=2 2>&1 | FileCheck %s --check-prefix=NO-VERIFY
// NO-VERIFY: attn-run: error: --verify: '{{.*}}bare.so' has no module to compare with; compile it without --no-embed-ir

// RUN: not attn-run %t/f.so --function=update --verify=ops --input=3xf32=2 2>&1 | FileCheck %s --check-prefix=OPS
// OPS: attn-run: error: --verify=ops: '{{.*}}f.so' is compiled: its ops are gone; --verify compares the results
// RUN: not attn-run %t/f.so --strategy=dense 2>&1 | FileCheck %s --check-prefix=STRATEGY
// STRATEGY: attn-run: error: --strategy=dense: '{{.*}}f.so' is compiled; give the strategy to attn-compile
// RUN: not attn-run %t/f.so --dump-stages=%t/stages 2>&1 | FileCheck %s --check-prefix=DUMP
// DUMP: attn-run: error: --dump-stages={{.*}}: '{{.*}}f.so' is compiled; attn-compile has this flag
// RUN: not attn-run %t/f.so 2>&1 | FileCheck %s --check-prefix=SEVERAL
// SEVERAL: attn-run: error: {{.*}}f.so: several functions and no 'main'; choose one with --function: f, scalars, update
// RUN: not attn-run %t/f.so --function=g 2>&1 | FileCheck %s --check-prefix=NAME
// NAME: attn-run: error: {{.*}}f.so: no function 'g'; there is f, scalars, update

// What the function itself refuses.
// RUN: not attn-run %t/f.so --function=f \
// RUN:   --input='1x4x33x64xf32=random(1)' --input='1x2x47x64xf32=random(2)' --input='1x2x48x64xf32=random(3)' 2>&1 | FileCheck %s --check-prefix=STATUS
// STATUS: attn-run: error: 'f' gives status 5: {{.*}}seq_len_kv

// Files that are no shared objects of ours are not loaded.
// RUN: attn-compile %s -o %t/f.o
// RUN: not attn-run %t/f.o 2>&1 | FileCheck %s --check-prefix=OBJECT
// OBJECT: attn-run: error: '{{.*}}f.o': is not a shared object; attn-run takes .mlir and what attn-compile -o FILE.so makes
// RUN: cp %s %t/text.so && not attn-run %t/text.so 2>&1 | FileCheck %s --check-prefix=TEXT
// TEXT: attn-run: error: '{{.*}}text.so': is not a shared object
// RUN: not attn-run %t/missing.so 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: attn-run: error: '{{.*}}missing.so': cannot be read: No such file or directory
// RUN: llvm-objcopy --remove-section=.attn.manifest %t/f.so %t/stranger.so
// RUN: not attn-run %t/stranger.so 2>&1 | FileCheck %s --check-prefix=STRANGER
// STRANGER: attn-run: error: '{{.*}}stranger.so': was not made by attn-compile: it has no manifest
// RUN: %python %S/Inputs/damage.py %t/f.so %t
// RUN: not attn-run %t/short.so 2>&1 | FileCheck %s --check-prefix=SHORT
// RUN: not attn-run %t/half.so 2>&1 | FileCheck %s --check-prefix=SHORT
// SHORT: attn-run: error: '{{.*}}.so': is truncated or damaged: {{.+}}
// RUN: not attn-run %t/version.so 2>&1 | FileCheck %s --check-prefix=VERSION
// VERSION: attn-run: error: '{{.*}}version.so': cannot be used: its abi_version is 9, this attn-run knows 1
// RUN: not attn-run %t/json.so 2>&1 | FileCheck %s --check-prefix=JSON
// JSON: attn-run: error: '{{.*}}json.so': cannot be used: its manifest is no JSON: {{.+}}
// RUN: not attn-run %t/key.so 2>&1 | FileCheck %s --check-prefix=KEY
// KEY: attn-run: error: '{{.*}}key.so': cannot be used: its manifest is damaged: 'functions' is missing or not what it should be
// RUN: not attn-run %t/type.so 2>&1 | FileCheck %s --check-prefix=TYPE
// TYPE: attn-run: error: '{{.*}}type.so': cannot be used: its manifest is damaged: 'type' is missing or not what it should be
// RUN: not attn-run %t/feature.so 2>&1 | FileCheck %s --check-prefix=FEATURE
// FEATURE: attn-run: error: '{{.*}}feature.so': cannot be used: it was compiled for {{.*}}; this machine lacks {{.*}}; compile with another --mcpu

!q = tensor<?x4x?x64xf32>
!kv = tensor<?x2x?x64xf32>
func.func @f(%query: !q, %key: !kv, %value: !kv) -> (!q, tensor<?x4x?xf32>) {
  %0, %1 = attn.sdpa %query, %key, %value causal : (!q, !kv, !kv) -> (!q, tensor<?x4x?xf32>)
  return %0, %1 : !q, tensor<?x4x?xf32>
}
func.func @scalars(%a: f32, %b: index) -> (index, f32) {
  %0 = arith.addf %a, %a : f32
  return %b, %0 : index, f32
}
func.func @update(%x: tensor<3xf32> {attn.inout}) -> (tensor<3xf32>, tensor<3xf32>) {
  %empty = tensor.empty() : tensor<3xf32>
  %one = arith.constant dense<1.0> : tensor<3xf32>
  %0 = linalg.add ins(%x, %x : tensor<3xf32>, tensor<3xf32>) outs(%empty : tensor<3xf32>) -> tensor<3xf32>
  %1 = linalg.add ins(%x, %one : tensor<3xf32>, tensor<3xf32>) outs(%empty : tensor<3xf32>) -> tensor<3xf32>
  return %0, %1 : tensor<3xf32>, tensor<3xf32>
}
