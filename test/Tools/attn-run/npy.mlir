// What comes in goes out, byte for byte but for the header.
// REQUIRES: numpy
// RUN: %python %S/Inputs/npy.py write %t
// RUN: attn-run %s --input=@%t.f16.npy --input=@%t.f32.npy --input=@%t.f64.npy --input=@%t.i1.npy --input=@%t.i8.npy --input=@%t.u8.npy --input=@%t.i32.npy --input=@%t.i64.npy --input=@%t.bf16.npy --input=@%t.f8.npy --input=@%t.scalar.npy --output=@%t.f16.out --output=@%t.f32.out --output=@%t.f64.out --output=@%t.i1.out --output=@%t.i8.out --output=@%t.u8.out --output=@%t.i32.out --output=@%t.i64.out --output=@%t.bf16.out --output=@%t.f8.out --output=@%t.scalar.out | count 0
// RUN: %python %S/Inputs/npy.py check %t

func.func @f(%a: tensor<2x3xf16>, %b: tensor<?x3xf32>, %c: tensor<f64>,
             %d: tensor<7xi1>, %e: tensor<4xi8>, %f: tensor<0x3xui8>,
             %g: tensor<1x1x1x1x5xi32>, %h: tensor<3xi64>, %i: tensor<3xbf16>,
             %j: tensor<4xf8E4M3FN>, %k: index)
    -> (tensor<2x3xf16>, tensor<?x3xf32>, tensor<f64>, tensor<7xi1>,
        tensor<4xi8>, tensor<0x3xui8>, tensor<1x1x1x1x5xi32>, tensor<3xi64>,
        tensor<3xbf16>, tensor<4xf8E4M3FN>, index) {
  return %a, %b, %c, %d, %e, %f, %g, %h, %i, %j, %k
    : tensor<2x3xf16>, tensor<?x3xf32>, tensor<f64>, tensor<7xi1>,
      tensor<4xi8>, tensor<0x3xui8>, tensor<1x1x1x1x5xi32>, tensor<3xi64>,
      tensor<3xbf16>, tensor<4xf8E4M3FN>, index
}
