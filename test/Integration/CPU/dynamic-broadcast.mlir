// Sizes of a mask and of lengths that turn out to be 1 when the program runs
// broadcast, tiled or not.
// DEFINE: %{run} = attn-run %s --verify --input=3x2x70x16xf32=random\(1\) --input=3x2x41x16xf32=random\(2\)
// RUN: %{run} --strategy=dense --input=1x1x1x41xi1=random\(3\) --input=1xi64=33 | FileCheck %s
// RUN: %{run} --strategy=blockwise --input=1x1x1x41xi1=random\(3\) --input=1xi64=33 | FileCheck %s
// RUN: %{run} --strategy=blockwise --input=3x1x70x1xi1=random\(3\) --input=3xi64=33 | FileCheck %s
// RUN: %{run} --strategy=blockwise:block-size-kv=16,num-splits=3 --input=1x2x1x1xi1=random\(3\) --input=1xi64=33 | FileCheck %s
// RUN: %{run} --strategy=blockwise:block-size-kv=16,num-splits=3 --input=3x2x70x41xi1=random\(3\) --input=3xi64=33 | FileCheck %s
// CHECK: verify: result 0: max error {{.*}} (bound
// CHECK-NOT: FAILED
!q = tensor<?x2x?x16xf32>
func.func @f(%q: !q, %k: !q, %mask: tensor<?x?x?x?xi1>, %len: tensor<?xi64>)
    -> !q {
  %o = attn.sdpa %q, %k, %k kv_len(%len) mask(%mask)
    : (!q, !q, !q, tensor<?xi64>, tensor<?x?x?x?xi1>) -> !q
  return %o : !q
}
