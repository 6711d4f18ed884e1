//===- include/attn/Runtime/FloatConversions.h - Narrowing ----------------===//
//
// Part of attn-mlir.
//
// Conversions that compiled code calls where the processor has none.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_RUNTIME_FLOATCONVERSIONS_H
#define ATTN_RUNTIME_FLOATCONVERSIONS_H

extern "C" {

/// f64 to f16, rounded once; what compilers call `__truncdfhf2`.
_Float16 attn_rt_truncdfhf2(double value);

/// f32 to f16; what compilers call `__truncsfhf2`.
_Float16 attn_rt_truncsfhf2(float value);

/// f16 to f32; what compilers call `__extendhfsf2`.
float attn_rt_extendhfsf2(_Float16 value);

/// f64 to bf16, rounded once; what compilers call `__truncdfbf2`.
__bf16 attn_rt_truncdfbf2(double value);

/// f32 to bf16; what compilers call `__truncsfbf2`.
__bf16 attn_rt_truncsfbf2(float value);
}

#endif // ATTN_RUNTIME_FLOATCONVERSIONS_H
