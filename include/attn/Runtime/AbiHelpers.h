/*===- include/attn/Runtime/AbiHelpers.h - Beside the C interface ---------===*\
 *
 * Part of attn-mlir.
 *
 * What callers of compiled functions write again and again. Plain C99; comes
 * after Abi.h, generated headers carry a copy of this text.
 *
\*===----------------------------------------------------------------------===*/

#ifndef ATTN_ABI_HELPERS_H
#define ATTN_ABI_HELPERS_H

#ifdef __cplusplus
extern "C" {
#endif

/* Gives `tensor` the strides of a row-major array without gaps. */
static inline void attn_set_contiguous(attn_tensor *tensor) {
  int64_t stride = 1;
  int32_t d;
  for (d = tensor->rank; d > 0; --d) {
    tensor->strides[d - 1] = stride;
    stride *= tensor->sizes[d - 1];
  }
}

/* A row-major array without gaps. `sizes` may be NULL for rank 0. */
static inline attn_tensor attn_contiguous(const void *data, int32_t dtype,
                                          int32_t rank, const int64_t *sizes) {
  attn_tensor tensor;
  int32_t d;
  /* Inputs are not written: Abi.h has one type for them and for results. */
  tensor.data = (void *)(uintptr_t)data;
  tensor.dtype = dtype;
  tensor.rank = rank;
  for (d = 0; d < ATTN_MAX_RANK; ++d) {
    tensor.sizes[d] = d < rank ? sizes[d] : 0;
    tensor.strides[d] = 0;
  }
  attn_set_contiguous(&tensor);
  return tensor;
}

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* ATTN_ABI_HELPERS_H */
