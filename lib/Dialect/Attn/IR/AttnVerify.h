//===- AttnVerify.h - Rules that the attn ops share -------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What the verifiers are made of, so that every op words an error alike.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_DIALECT_ATTN_IR_ATTNVERIFY_H
#define ATTN_LIB_DIALECT_ATTN_IR_ATTNVERIFY_H

#include "attn/Dialect/Attn/IR/Attn.h"

namespace mlir::attn::verify {

/// The largest size or window. Sums of a few positions stay far from overflow,
/// and no memory holds more.
inline constexpr int64_t kMaxSize = int64_t(1) << 48;

/// A dimension of this name is static.
inline constexpr StringRef kHeadDimV = "head_dim_v";

/// Dimension names of states and of outputs in `layout`.
inline constexpr StringRef kStateDims[] = {"batch", "num_heads", "seq_len_q",
                                           kHeadDimV};
inline constexpr StringRef kBshdDims[] = {"batch", "seq_len_q", "num_heads",
                                          kHeadDimV};

/// The sizes of an op that scores keys, dynamic ones as kDynamic.
struct StaticSizes {
  int64_t batch, numHeads, numKvHeads, seqLenQ, seqLenKv, headDim, headDimV;
};
StaticSizes getStaticSizes(AttentionInterface op);

/// True unless both sizes are known and differ.
bool compatible(int64_t a, int64_t b);
/// A dimension as it is written in a type.
std::string dimToString(int64_t dim);
ShapedType getShaped(Value value);

/// `found`, the dimension `what` of operand `name`, is `size`.
LogicalResult verifyDim(Operation *op, StringRef name, StringRef what,
                        int64_t found, int64_t size);
/// `value`, if present, has `shape`; `dims` names the dimensions.
LogicalResult verifyShape(Operation *op, StringRef name, Value value,
                          ArrayRef<int64_t> shape, ArrayRef<StringRef> dims);
/// The same, with 1 in place of any size.
LogicalResult verifyBroadcast(Operation *op, StringRef name, Value value,
                              ArrayRef<int64_t> shape,
                              ArrayRef<StringRef> dimNames);
LogicalResult verifyElementType(Operation *op, StringRef name, Value value,
                                Type expected);
/// An output of the given sizes in `layout`.
LogicalResult verifyOutput(Operation *op, Value output, Layout layout,
                           int64_t batch, int64_t heads, int64_t seqLen,
                           int64_t headDimV);
/// Keys and values of `op` besides those in key, operands `name`_key and
/// `name`_value: all that star_c5, block_local_c4 and block_local_step_c5 say,
/// but how many there are.
LogicalResult verifyOtherKeys(AttentionInterface op, StringRef name, Value key,
                              Value value);

/// `lengths`, if they are a tensor or memref, have `batch` elements or one.
LogicalResult verifyPerBatch(Operation *op, StringRef name, Value lengths,
                             int64_t batch);

/// sdpa_c16 for the types of all operands and results.
LogicalResult verifyTypes(Operation *op);
/// What attn.sdpa asks of query, key, value and modifiers.
LogicalResult verifyAttention(Operation *operation);
/// The same, and what it asks of its results and of `sinks`; `lse` and `sinks`
/// may be null.
LogicalResult verifySdpa(AttentionInterface op, Value output, Value lse,
                         Value sinks);
/// On memrefs the mask is i8.
LogicalResult verifyBufferMask(AttentionInterface op);
/// All shaped operands are tensors or all are memrefs, and each tensor
/// destination has one result.
LogicalResult verifyDestinationStyle(Operation *operation);

} // namespace mlir::attn::verify

#endif // ATTN_LIB_DIALECT_ATTN_IR_ATTNVERIFY_H
