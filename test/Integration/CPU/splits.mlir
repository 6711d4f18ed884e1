// Splits that the number of threads decides on, executed against the reference.
// DEFINE: %{run} = attn-run %s --verify

// RUN: %python -c "import numpy as n; n.save(r'%t.kv.npy', [2047, 1100, 0]); n.save(r'%t.q.npy', [35, 20, 7]); n.save(r'%t.one.npy', [1, 1, 1])"

// One row of every head; batch entries of different lengths, one of them empty;
// rows that fill two tiles, some of them dead; each with too few, just enough
// and many threads.
// RUN: %{run} --threads=1 --function=decode --input=1x8x1x24xf32=random\(1\) --input=1x2x4099x24xf32=random\(2\) --input=1x2x4099x40xf32=random\(3\) | FileCheck %s
// RUN: %{run} --threads=2 --function=decode --input=1x8x1x24xf32=random\(1\) --input=1x2x4099x24xf32=random\(2\) --input=1x2x4099x40xf32=random\(3\) | FileCheck %s
// RUN: %{run} --threads=8 --function=decode --input=1x8x1x24xf32=random\(1\) --input=1x2x4099x24xf32=random\(2\) --input=1x2x4099x40xf32=random\(3\) | FileCheck %s
// RUN: %{run} --threads=3 --function=ragged --input=3x4x35x16xf32=random\(1\) --input=3x2x2047x16xf32=random\(2\) --input=3x2x2047x21xf32=random\(3\) --input=@%t.kv.npy --input=@%t.q.npy --input=4xf32=random\(4\) | FileCheck %s
// RUN: %{run} --threads=5 --function=ragged --input=3x4x1x16xf32=random\(1\) --input=3x2x5000x16xf32=random\(2\) --input=3x2x5000x21xf32=random\(3\) --input=@%t.kv.npy --input=@%t.one.npy --input=4xf32=random\(4\) | FileCheck %s
// RUN: %{run} --threads=8 --function=ragged --input=1x4x35x16xf32=random\(1\) --input=1x2x1024x16xf32=random\(2\) --input=1x2x1024x21xf32=random\(3\) --input=1xi64=1024 --input=1xi64=33 --input=4xf32=random\(4\) | FileCheck %s
// RUN: %{run} --threads=8 --function=ragged --input=1x4x200x16xf32=random\(1\) --input=1x2x300x16xf32=random\(2\) --input=1x2x300x21xf32=random\(3\) --input=1xi64=300 --input=1xi64=200 --input=4xf32=random\(4\) | FileCheck %s
// RUN: %{run} --threads=5 --function=ragged --input=1x4x5x16xf32=random\(1\) --input=1x2x0x16xf32=0 --input=1x2x0x21xf32=0 --input=1xi64=0 --input=1xi64=5 --input=4xf32=random\(4\) | FileCheck %s
// RUN: %{run} --threads=5 --function=ragged --input=1x4x0x16xf32=0 --input=1x2x2000x16xf32=0 --input=1x2x2000x21xf32=0 --input=1xi64=2000 --input=1xi64=0 --input=4xf32=random\(4\) | FileCheck %s
// Layout bshd, half precision, a window longer than a split.
// RUN: %{run} --threads=3 --function=window --input=2x3x8x64xf16=random\(1\) --input=2x6000x2x64xf16=random\(2\) | FileCheck %s
// RUN: %{run} --threads=1 --function=window --input=2x3x8x64xf16=random\(1\) --input=2x6000x2x64xf16=random\(2\) | FileCheck %s
// The same function as an object, which asks its caller for the threads.
// RUN: attn-compile %s -o %t.so --mcpu=native
// RUN: attn-run %t.so --verify --threads=5 --function=ragged --input=3x4x35x16xf32=random\(1\) --input=3x2x2047x16xf32=random\(2\) --input=3x2x2047x21xf32=random\(3\) --input=@%t.kv.npy --input=@%t.q.npy --input=4xf32=random\(4\) | FileCheck %s
// RUN: attn-run %t.so --verify --threads=1 --function=decode --input=1x8x1x24xf32=random\(1\) --input=1x2x4099x24xf32=random\(2\) --input=1x2x4099x40xf32=random\(3\) | FileCheck %s
// RUN: attn-run %t.so --verify --threads=8 --function=decode --input=1x8x1x24xf32=random\(1\) --input=1x2x4099x24xf32=random\(2\) --input=1x2x4099x40xf32=random\(3\) | FileCheck %s

// CHECK-NOT: FAILED
// CHECK:     verify: result 0: max error
// CHECK-NOT: FAILED

func.func @decode(%q: tensor<1x8x1x24xf32>, %k: tensor<1x2x4099x24xf32>, %v: tensor<1x2x4099x40xf32>)
    -> (tensor<1x8x1x40xf32>, tensor<1x8x1xf32>) {
  %0:2 = attn.sdpa %q, %k, %v
    : (tensor<1x8x1x24xf32>, tensor<1x2x4099x24xf32>, tensor<1x2x4099x40xf32>)
    -> (tensor<1x8x1x40xf32>, tensor<1x8x1xf32>)
  return %0#0, %0#1 : tensor<1x8x1x40xf32>, tensor<1x8x1xf32>
}

func.func @ragged(%q: tensor<?x?x?x16xf32>, %k: tensor<?x?x?x16xf32>, %v: tensor<?x?x?x21xf32>,
    %kv_len: tensor<?xi64>, %q_len: tensor<?xi64>, %sinks: tensor<?xf32>)
    -> (tensor<?x?x?x21xf32>, tensor<?x?x?xf32>) {
  %0:2 = attn.sdpa %q, %k, %v causal bottom_right kv_len(%kv_len) q_len(%q_len) sinks(%sinks)
    : (tensor<?x?x?x16xf32>, tensor<?x?x?x16xf32>, tensor<?x?x?x21xf32>, tensor<?xi64>, tensor<?xi64>,
       tensor<?xf32>) -> (tensor<?x?x?x21xf32>, tensor<?x?x?xf32>)
  return %0#0, %0#1 : tensor<?x?x?x21xf32>, tensor<?x?x?xf32>
}

func.func @window(%q: tensor<?x?x8x64xf16>, %k: tensor<?x?x2x64xf16>) -> tensor<?x?x8x64xf16> {
  %0 = attn.sdpa %q, %k, %k window(1500, 0) bottom_right layout(bshd)
    : (tensor<?x?x8x64xf16>, tensor<?x?x2x64xf16>, tensor<?x?x2x64xf16>) -> tensor<?x?x8x64xf16>
  return %0 : tensor<?x?x8x64xf16>
}
