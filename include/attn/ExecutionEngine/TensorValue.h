//===- include/attn/ExecutionEngine/TensorValue.h - Values ----------------===//
//
// Part of attn-mlir.
//
// Arrays and scalars that compiled functions take and give.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_EXECUTIONENGINE_TENSORVALUE_H
#define ATTN_EXECUTIONENGINE_TENSORVALUE_H

#include "attn/ExecutionEngine/Npy.h"

#include "mlir/IR/Types.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <optional>
#include <string>

namespace mlir::attn {

/// How elements of one type lie in memory and convert to f64 and back.
class ElementFormat {
public:
  /// The format of `type`: f16 bf16 f32 f64 f8E4M3FN f8E5M2 i1 i8 i16 i32 i64
  /// ui8 and index; the address of an `!attn.comm`; nothing for other types.
  static std::optional<ElementFormat> get(Type type);

  /// Bytes of one element; i1 takes one, index eight.
  unsigned bytes() const { return byteWidth; }
  /// Whether elements are floats.
  bool isFloat() const { return kind == Float; }
  /// Whether elements are i1.
  bool isBool() const { return kind == Bool; }

  /// The element at `data` as f64; exact but for 64-bit integers.
  double load(const char *data) const;
  /// Writes `value`, floats rounded to nearest even, integers truncated and
  /// saturated.
  void store(char *data, double value) const;
  /// The integer at `data`; only for integers.
  int64_t loadInteger(const char *data) const;
  /// Writes the low bits of `value`; only for integers.
  void storeInteger(char *data, int64_t value) const;

  /// What writeNpy calls this type; bf16 and 8-bit floats are void.
  NpyDtype npyDtype() const;
  /// Whether elements of a .npy file can be taken as they are.
  bool accepts(NpyDtype dtype) const;

private:
  enum Kind { Float, Signed, Unsigned, Bool };
  ElementFormat(Kind kind, unsigned byteWidth, unsigned exponentBits = 0,
                unsigned mantissaBits = 0, bool hasInfinity = true)
      : kind(kind), byteWidth(byteWidth), exponentBits(exponentBits),
        mantissaBits(mantissaBits), hasInfinity(hasInfinity) {}

  Kind kind;
  unsigned byteWidth, exponentBits, mantissaBits;
  bool hasInfinity;
};

/// A dense row-major array, or a scalar, in memory aligned to 64 bytes (but for
/// --guard-pages).
class TensorValue {
public:
  /// An array (or, with `isScalar` and no shape, a scalar) of zeros. Fails for
  /// unknown element types and for sizes that do not fit in memory.
  static llvm::Expected<TensorValue>
  create(Type element, llvm::ArrayRef<int64_t> shape, bool isScalar = false);

  TensorValue(TensorValue &&) = default;
  TensorValue &operator=(TensorValue &&) = default;

  /// A copy.
  TensorValue clone() const;

  Type element() const { return elementType; }
  const ElementFormat &format() const { return elementFormat; }
  llvm::ArrayRef<int64_t> shape() const { return sizes; }
  /// Whether this is a scalar argument and not a tensor of rank 0.
  bool isScalar() const { return scalar; }
  int64_t numElements() const { return count; }
  size_t numBytes() const { return count * elementFormat.bytes(); }
  char *data() { return storage.get(); }
  const char *data() const { return storage.get(); }
  llvm::ArrayRef<char> bytes() const { return {data(), numBytes()}; }

  /// Element `index`, row-major, as f64.
  double get(int64_t index) const {
    return elementFormat.load(data() + index * elementFormat.bytes());
  }
  /// Writes element `index`, row-major.
  void set(int64_t index, double value) {
    elementFormat.store(data() + index * elementFormat.bytes(), value);
  }

  /// N(0,1) for floats, a fair coin for i1, all byte values for i8 and ui8,
  /// 0..15 for wider integers; element i is Philox number i of stream `seed`.
  void fillRandom(uint64_t seed);
  /// Every element becomes `value`.
  void fill(double value);

  /// "1x8x64xf32", or "index" for a scalar.
  std::string typeString() const;

private:
  struct Free {
    void operator()(char *data) const;
  };
  TensorValue(Type element, ElementFormat format) noexcept
      : elementType(element), elementFormat(format) {}

  Type elementType;
  ElementFormat elementFormat;
  llvm::SmallVector<int64_t> sizes;
  int64_t count = 1;
  bool scalar = false;
  std::unique_ptr<char, Free> storage;
};

/// "1x?x64xf32" for a tensor or memref type, the type itself for others.
std::string describeType(Type type);

/// Element `index` as text, floats with six digits.
std::string formatElement(const TensorValue &value, int64_t index);

} // namespace mlir::attn

#endif // ATTN_EXECUTIONENGINE_TENSORVALUE_H
