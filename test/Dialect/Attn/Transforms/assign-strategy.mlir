// RUN: attn-opt %s --attn-assign-strategy="strategy=blockwise{block-size-q=64,num_splits=2}" | FileCheck %s
// RUN: attn-opt %s --attn-assign-strategy="strategy=blockwise:block_size_q=64,num-splits=2" | FileCheck %s
// RUN: attn-opt %s --attn-assign-strategy="strategy='blockwise { block-size-q=64 num-splits=2 }'" | FileCheck %s
// RUN: attn-opt %s --attn-assign-strategy="strategy=dense overwrite=false" | FileCheck %s --check-prefix=KEEP
// RUN: attn-opt %s --attn-assign-strategy="strategy=blockwise" | FileCheck %s --check-prefix=PLAIN
// RUN: echo "func.func private @no_attention()" | attn-opt --attn-assign-strategy="strategy=blockwise" | FileCheck %s --check-prefix=EMPTY

// EMPTY: func.func private @no_attention

// RUN: not attn-opt %s --attn-assign-strategy 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not attn-opt %s --attn-assign-strategy="strategy=flash" 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not attn-opt %s --attn-assign-strategy="strategy=blockwise{tile=4}" 2>&1 | FileCheck %s --check-prefix=KEY
// RUN: not attn-opt %s --attn-assign-strategy="strategy=dense{tile=4}" 2>&1 | FileCheck %s --check-prefix=NOKEYS
// RUN: not attn-opt %s --attn-assign-strategy="strategy=blockwise{num-splits=two}" 2>&1 | FileCheck %s --check-prefix=INTEGER
// RUN: not attn-opt %s --attn-assign-strategy="strategy=blockwise{num-splits}" 2>&1 | FileCheck %s --check-prefix=VALUE
// RUN: not attn-opt %s --attn-assign-strategy="strategy=blockwise{num-splits=-1}" 2>&1 | FileCheck %s --check-prefix=RANGE
// RUN: not attn-opt %s --attn-assign-strategy="strategy=blockwise:num-splits=2,num_splits=3" 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: not attn-opt %s --attn-assign-strategy="strategy='blockwise num-splits=2'" 2>&1 | FileCheck %s --check-prefix=BRACE
// RUN: not attn-opt %s --attn-assign-strategy="strategy='blockwise{num-splits=2'" 2>&1 | FileCheck %s --check-prefix=CLOSE

// NONE: error: attn-assign-strategy: unknown strategy ''; strategies are dense, blockwise, star, sparq
// UNKNOWN: error: attn-assign-strategy: unknown strategy 'flash'; strategies are dense, blockwise, star, sparq
// KEY: error: attn-assign-strategy: strategy 'blockwise' has no key 'tile'; its keys are block-size-q, block-size-kv, num-splits
// NOKEYS: error: attn-assign-strategy: strategy 'dense' has no key 'tile'; it has none
// INTEGER: error: attn-assign-strategy: strategy 'blockwise' expects num-splits=INTEGER, but got 'num-splits=two'
// VALUE: error: attn-assign-strategy: strategy 'blockwise' expects num-splits=INTEGER, but got 'num-splits'
// RANGE: error: attn-assign-strategy: strategy 'blockwise' expects num_splits of {{.*}}, but got -1
// TWICE: error: attn-assign-strategy: strategy 'blockwise' got key 'num-splits' twice
// BRACE: error: attn-assign-strategy: expects '{' or ':' after the name of a strategy, but got 'num-splits=2'
// CLOSE: error: attn-assign-strategy: expects one closing '}' at the end of a strategy

// CHECK-LABEL: func.func @two
// CHECK:         attn.sdpa {{.*}} strategy(#attn.blockwise<block_size_q = 64, num_splits = 2>)
// CHECK:         attn.sdpa {{.*}} strategy(#attn.blockwise<block_size_q = 64, num_splits = 2>)
// KEEP-LABEL: func.func @two
// KEEP:         attn.sdpa {{.*}} strategy(#attn.dense)
// KEEP:         attn.sdpa {{.*}} strategy(#attn.blockwise<block_size_kv = 32>)
// PLAIN-LABEL: func.func @two
// PLAIN:         attn.sdpa {{.*}} strategy(#attn.blockwise)
func.func @two(%q: tensor<1x4x512x64xf32>) -> tensor<1x4x512x64xf32> {
  %a = attn.sdpa %q, %q, %q
    : (tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>) -> tensor<1x4x512x64xf32>
  %b = attn.sdpa %a, %q, %q strategy(#attn.blockwise<block_size_kv = 32>)
    : (tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>, tensor<1x4x512x64xf32>) -> tensor<1x4x512x64xf32>
  return %b : tensor<1x4x512x64xf32>
}
