// Results in order to files; the rest is summarised.
// RUN: rm -rf %t && mkdir %t
// RUN: attn-run %s --output=@%t/a.npy | FileCheck %s
// RUN: attn-run %s --output=@%t/b.npy --output=@%t/c.npy | count 1
// RUN: cmp %t/a.npy %t/b.npy
// CHECK-NOT: result 0
// CHECK: result 1: 3xf32

// RUN: not attn-run %s --output=@%t/a.npy --output=@%t/b.npy --output=@%t/c.npy 2>&1 | FileCheck %s --check-prefix=MANY
// MANY: attn-run: error: --output is given 3 times, but the function has 2 results

// RUN: not attn-run %s --output=%t/d.npy 2>&1 | FileCheck %s --check-prefix=FORM
// FORM: attn-run: error: --output='{{.*}}d.npy': expected @FILE.npy

// RUN: not attn-run %s --output=@%t/no/d.npy 2>&1 | FileCheck %s --check-prefix=FOLDER
// FOLDER: attn-run: error: --output='@{{.*}}': no folder '{{.*}}no'

// RUN: not attn-run %s --output=@%t 2>&1 | FileCheck %s --check-prefix=IS-FOLDER
// IS-FOLDER: attn-run: error: --output='@{{.*}}': is a folder

// A device that is always full: an error, and no crash.
// RUN: not attn-run %s --output=@/dev/full 2>&1 | FileCheck %s --check-prefix=FULL
// FULL: attn-run: error: cannot write '/dev/full': {{[Nn]}}o space left on device

// Nothing was left behind.
// RUN: ls %t | count 3

func.func @f(%x: tensor<2xf32>, %y: tensor<3xf32>)
    -> (tensor<2xf32>, tensor<3xf32>) {
  return %x, %y : tensor<2xf32>, tensor<3xf32>
}
