// What an object says about itself, and the module it carries.
// RUN: rm -rf %t && mkdir %t
// RUN: attn-compile %s -o %t/f.o --triple=x86_64-linux-gnu --strategy="blockwise{block-size-q=16}"
// RUN: llvm-objcopy --dump-section .attn.manifest=%t/f.json --dump-section .attn.module=%t/f.mlir %t/f.o
// RUN: %python -c "import json,sys; text = open(sys.argv[1]).read(); assert text.endswith('\0'); print(json.dumps(json.loads(text[:-1]), indent=1, sort_keys=True))" %t/f.json | FileCheck %s
// The text as it was written, this line included.
// RUN: FileCheck %s --check-prefix=MODULE < %t/f.mlir
// MODULE: The text as it was written, this line included.

// CHECK:      "abi_version": 1,
// CHECK-NEXT: "format": "attn-mlir",
// CHECK:      "freestanding": false,
// CHECK:      "arguments": [
// CHECK:       "dtype": 2,
// CHECK-NEXT:  "element": "f16",
// CHECK-NEXT:  "inout": false,
// CHECK-NEXT:  "name": "query",
// CHECK-NEXT:  "scalar": false,
// CHECK-NEXT:  "sizes": [
// CHECK-NEXT:   "batch",
// CHECK-NEXT:   4,
// CHECK-NEXT:   "seq_len_q",
// CHECK-NEXT:   64
// CHECK-NEXT:  ],
// CHECK-NEXT:  "source_name": "query",
// CHECK-NEXT:  "type": "tensor<?x4x?x64xf16>"
// CHECK:       "name": "cache_a",
// CHECK:       "source_name": "cache.a",
// CHECK:       "dtype": 11,
// CHECK:       "name": "offset",
// CHECK-NEXT:  "scalar": true,
// CHECK:      "name": "f",
// CHECK:      "ops": [
// CHECK:       "location": "manifest.mlir:[[#@LINE+20]]:12",
// CHECK-NEXT:  "op": "attn.sdpa",
// CHECK-NEXT:  "strategy": "blockwise{block-size-q=16}"
// CHECK:      "results": [
// CHECK:       "name": "output",
// CHECK:       "name": "lse",
// CHECK:      "has_module": true,
// CHECK:      "mcpu": "x86-64-v3",
// CHECK:      "required_features": [
// CHECK:       "avx2",
// CHECK:      "source": "manifest.mlir",
// CHECK-NEXT: "strategy": "blockwise{block-size-q=16}",
// CHECK-NEXT: "target": "#attn.target<cpu
// CHECK:      "triple": "x86_64-unknown-linux-gnu",
// CHECK-NEXT: "version": 1

!q = tensor<?x4x?x64xf16>
!kv = tensor<?x2x?x64xf16>
!l = tensor<?x4x?xf32>
func.func @f(%query: !q, %cache.a: !kv, %value: !kv, %offset: index) -> (!q, !l) {
  %0, %1 = attn.sdpa %query, %cache.a, %value causal causal_offset(%offset)
    : (!q, !kv, !kv, index) -> (!q, !l)
  return %0, %1 : !q, !l
}

// RUN: attn-compile %s -o %t/bare.o --no-embed-ir
// RUN: llvm-readelf -S %t/bare.o | FileCheck %s --check-prefix=BARE
// BARE:     .attn.manifest
// BARE-NOT: .attn.module
