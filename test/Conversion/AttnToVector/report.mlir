// RUN: attn-opt %s --convert-attn-to-vector --attn-report=- -o /dev/null 2>/dev/null | FileCheck %s

// Which kernel each op became, and what holds it up.
// CHECK:      "attention": [],
// CHECK-NEXT: "kernels": [
// CHECK-NEXT:   {
// CHECK-NEXT:     "function": "decode",
// CHECK-NEXT:     "location": "{{.*}}report.mlir:[[# @LINE + 24]]:3",
// CHECK-NEXT:     "scheme": "decode",
// CHECK-NEXT:     "lanes": 16,
// CHECK:          "slow": []
// CHECK:        {
// CHECK-NEXT:     "function": "dynamic",
// CHECK:          "scheme": "decode or panel",
// CHECK:        {
// CHECK-NEXT:     "function": "panel",
// CHECK:          "scheme": "panel",
// CHECK-NEXT:     "lanes": 16,
// CHECK-NEXT:     "rows": 32,
// CHECK-NEXT:     "tile": 8,
// CHECK-NEXT:     "block": 128,
// CHECK-NEXT:     "slow": [
// CHECK-NEXT:       "moves the last columns of a row one by one, because a head_dim of 20 is not a multiple of 8; pad it with zeros",
// CHECK-NEXT:       "moves the last columns of a row one by one, because a head_dim_v of 20
// CHECK-NEXT:     ]

!one = memref<1x8x1x64xf32>
!kv = memref<1x2x?x64xf32>
!r1 = memref<1x8x1xf32>

func.func @decode(%q: !one, %k: !kv, %m: !r1) {
  attn.online ins(%q, %k, %k) outs(%q, %m, %m)
    : (!one, !kv, !kv, !one, !r1, !r1) -> ()
  return
}

!any = memref<1x8x?x64xf32>
!rn = memref<1x8x?xf32>

func.func @dynamic(%q: !any, %k: !kv, %m: !rn) {
  attn.online ins(%q, %k, %k) outs(%q, %m, %m)
    : (!any, !kv, !kv, !any, !rn, !rn) -> ()
  return
}

!q = memref<1x2x32x20xf32>
!s = memref<1x2x32xf32>

func.func @panel(%q: !q, %m: !s) {
  attn.online ins(%q, %q, %q) outs(%q, %m, %m)
    : (!q, !q, !q, !q, !s, !s) -> ()
  return
}
