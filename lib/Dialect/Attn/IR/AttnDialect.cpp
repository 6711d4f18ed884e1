//===- AttnDialect.cpp - The attn dialect ---------------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Registers the ops, types and attributes; attribute verifiers.
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Transforms/InliningUtils.h"
#include "llvm/ADT/TypeSwitch.h"

#include <limits>

using namespace mlir;
using namespace mlir::attn;

#include "attn/Dialect/Attn/IR/AttnDialect.cpp.inc"
#include "attn/Dialect/Attn/IR/AttnEnums.cpp.inc"

#include "attn/Dialect/Attn/IR/AttnAttrInterfaces.cpp.inc"
#include "attn/Dialect/Attn/IR/AttnOpInterfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "attn/Dialect/Attn/IR/AttnAttrs.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "attn/Dialect/Attn/IR/AttnTypes.cpp.inc"

namespace {
/// Ops and score regions mean the same in every function.
struct AttnInlinerInterface : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;

  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final {
    return true;
  }
  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const final {
    return true;
  }
};
} // namespace

void AttnDialect::initialize() {
  addInterfaces<AttnInlinerInterface>();
  addOperations<
#define GET_OP_LIST
#include "attn/Dialect/Attn/IR/AttnOps.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "attn/Dialect/Attn/IR/AttnAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "attn/Dialect/Attn/IR/AttnTypes.cpp.inc"
      >();
}

FloatType attn::getAccumulatorType(Type elementType) {
  if (elementType.isF64())
    return cast<FloatType>(elementType);
  return Float32Type::get(elementType.getContext());
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

StringRef DenseAttr::getStrategyName() const { return "dense"; }
bool DenseAttr::isExact() const { return true; }

StringRef BlockwiseAttr::getStrategyName() const { return "blockwise"; }
bool BlockwiseAttr::isExact() const { return true; }

LogicalResult
BlockwiseAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                      int64_t blockSizeQ, int64_t blockSizeKv,
                      int64_t numSplits) {
  // Products of two of these cannot overflow.
  constexpr int64_t max = std::numeric_limits<int32_t>::max();
  if (blockSizeQ < 0 || blockSizeQ > max)
    return emitError() << "expects block_size_q of 0 (the target chooses) to "
                       << max << ", but got " << blockSizeQ;
  if (blockSizeKv < -1 || blockSizeKv > max)
    return emitError() << "expects block_size_kv of -1 (whole range), 0 (the "
                          "target chooses) or at most "
                       << max << ", but got " << blockSizeKv;
  if (numSplits < 0 || numSplits > max)
    return emitError() << "expects num_splits of 0 (the target chooses) to "
                       << max << ", but got " << numSplits;
  return success();
}

StringRef SparqAttr::getStrategyName() const { return "sparq"; }
bool SparqAttr::isExact() const { return false; }

LogicalResult SparqAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                int64_t rank, int64_t topK, int64_t localWindow,
                                Realloc, GroupReduce, KeyLayout, SparqState) {
  constexpr int64_t max = std::numeric_limits<int32_t>::max();
  if (rank < 1 || rank > max)
    return emitError() << "expects rank of 1 to " << max << ", but got "
                       << rank;
  if (topK < 1 || topK > max)
    return emitError() << "expects top_k of 1 to " << max << ", but got "
                       << topK;
  if (localWindow < -1 || localWindow > max)
    return emitError() << "expects local_window of -1 (a quarter of top_k) to "
                       << max << ", but got " << localWindow;
  return success();
}

StringRef StarAttr::getStrategyName() const { return "star"; }
bool StarAttr::isExact() const { return false; }

LogicalResult StarAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               int64_t blockSize, int64_t anchorSize,
                               int64_t querySize, StarAnchor) {
  constexpr int64_t max = std::numeric_limits<int32_t>::max();
  if (blockSize < 1 || blockSize > max)
    return emitError() << "expects block_size of 1 to " << max
                       << " tokens, but got " << blockSize
                       << "; the paper uses a quarter of the context";
  if (anchorSize < -1 || anchorSize > max)
    return emitError() << "expects anchor_size of -1 (block_size) to " << max
                       << ", but got " << anchorSize;
  if (querySize < 0 || querySize > max)
    return emitError() << "expects query_size of 0 to " << max << ", but got "
                       << querySize;
  return success();
}

LogicalResult ShardAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                ShardKind kind, int64_t dim, int64_t unit,
                                int64_t of) {
  constexpr int64_t max = std::numeric_limits<int32_t>::max();
  bool isCut = kind == ShardKind::keys || kind == ShardKind::pages ||
               kind == ShardKind::rows;
  if (isCut != (dim >= 0))
    return emitError() << "expects dim of keys, pages and rows only, which "
                          "are cut along it, but "
                       << stringifyShardKind(kind)
                       << (dim >= 0 ? " has one" : " has none");
  if ((kind == ShardKind::anchor) != (of >= 0))
    return emitError() << "expects of, the number of an argument, of an anchor "
                          "only, but "
                       << stringifyShardKind(kind)
                       << (of >= 0 ? " has it" : " has none");
  if (unit < 1 || unit > max)
    return emitError() << "expects unit of 1 to " << max << ", but got "
                       << unit;
  return success();
}

LogicalResult TargetAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 TargetKind kind, int64_t vectorBits,
                                 int64_t numVectorRegisters, int64_t l1Bytes,
                                 int64_t l2Bytes, bool bf16Dot, bool scalef,
                                 StringRef arch, int64_t numSms,
                                 int64_t sharedBytes) {
  if (vectorBits < 64 || (vectorBits & (vectorBits - 1)) != 0)
    return emitError() << "expects vector_bits to be a power of two of at "
                          "least 64, but got "
                       << vectorBits;
  if (numVectorRegisters < 1 || l1Bytes < 1 || l2Bytes < 1)
    return emitError() << "expects positive num_vector_registers, l1_bytes "
                          "and l2_bytes, but got "
                       << numVectorRegisters << ", " << l1Bytes << " and "
                       << l2Bytes;
  if (numSms < 1 || sharedBytes < 1)
    return emitError() << "expects positive num_sms and shared_bytes, but got "
                       << numSms << " and " << sharedBytes;
  return success();
}

int64_t TargetAttr::getComputeCapability() const {
  StringRef number = getArch();
  int64_t capability;
  if (!number.consume_front("sm_") ||
      number.take_while(llvm::isDigit).getAsInteger(10, capability))
    return 0;
  return capability;
}

LogicalResult
TileConfigAttr::verify(function_ref<InFlightDiagnostic()> emitError, GpuKernel,
                       int64_t blockQ, int64_t blockKv, int64_t warps,
                       int64_t stages) {
  std::tuple<StringRef, int64_t, int64_t> limits[] = {
      {"block_q", blockQ, 1024},
      {"block_kv", blockKv, 1024},
      {"warps", warps, 32},
      {"stages", stages, 16}};
  for (auto [name, number, most] : limits)
    if (number < 1 || number > most)
      return emitError() << "expects " << name << " of 1 to " << most
                         << ", but got " << number;
  return success();
}

//===----------------------------------------------------------------------===//
// AttentionInterface
//===----------------------------------------------------------------------===//

bool AttentionInterface::hasNoRows() {
  if (getQuery().getType().getDimSize(getSeqAxis()) == 0)
    return true;
  // Every shaped operand but the pools begins with batch (or 1).
  SmallVector<Value> operands = {
      getQuery(), getCausalOffset(), getKvLen(),      getQLen(),     getMask(),
      getBias(),  getKeyScale(),     getValueScale(), getPageTable()};
  if (!isPaged())
    llvm::append_values(operands, getKey(), getValue());
  return llvm::any_of(operands, [](Value operand) {
    auto type =
        operand ? dyn_cast<ShapedType>(operand.getType()) : ShapedType();
    return type && type.getDimSize(0) == 0;
  });
}
