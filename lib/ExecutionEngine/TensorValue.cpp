//===- lib/ExecutionEngine/TensorValue.cpp - Values -----------------------===//
//
// Part of attn-mlir.
//
// Arrays and scalars that compiled functions take and give.
//
//===----------------------------------------------------------------------===//

#include "attn/ExecutionEngine/TensorValue.h"

#include "Blocks.h"

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Runtime/ParallelFor.h"
#include "attn/Support/Philox.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

using namespace llvm;
using namespace mlir;
using mlir::attn::ElementFormat;
using mlir::attn::TensorValue;

//===----------------------------------------------------------------------===//
// ElementFormat
//===----------------------------------------------------------------------===//

std::optional<ElementFormat> ElementFormat::get(Type type) {
  if (isa<Float64Type>(type))
    return ElementFormat(Float, 8, 11, 52);
  if (isa<Float32Type>(type))
    return ElementFormat(Float, 4, 8, 23);
  if (isa<Float16Type>(type))
    return ElementFormat(Float, 2, 5, 10);
  if (isa<BFloat16Type>(type))
    return ElementFormat(Float, 2, 8, 7);
  if (isa<Float8E5M2Type>(type))
    return ElementFormat(Float, 1, 5, 2);
  if (isa<Float8E4M3FNType>(type))
    return ElementFormat(Float, 1, 4, 3, /*hasInfinity=*/false);
  if (isa<IndexType>(type))
    return ElementFormat(Signed, 8);
  // An address; nobody computes with it.
  if (isa<attn::CommType>(type))
    return ElementFormat(Unsigned, sizeof(void *));
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return std::nullopt;
  unsigned width = integer.getWidth();
  if (width == 1)
    return ElementFormat(Bool, 1);
  if (width != 8 && width != 16 && width != 32 && width != 64)
    return std::nullopt;
  return ElementFormat(integer.isUnsigned() ? Unsigned : Signed, width / 8);
}

int64_t ElementFormat::loadInteger(const char *data) const {
  uint64_t raw = 0;
  std::memcpy(&raw, data, byteWidth);
  if (kind == Bool)
    return raw != 0;
  return kind == Signed ? SignExtend64(raw, byteWidth * 8)
                        : static_cast<int64_t>(raw);
}

void ElementFormat::storeInteger(char *data, int64_t value) const {
  if (kind == Bool)
    value = value != 0;
  std::memcpy(data, &value, byteWidth);
}

double ElementFormat::load(const char *data) const {
  if (kind == Unsigned)
    return static_cast<double>(static_cast<uint64_t>(loadInteger(data)));
  if (kind != Float)
    return static_cast<double>(loadInteger(data));
  if (byteWidth == 8) {
    double value;
    std::memcpy(&value, data, 8);
    return value;
  }
  if (byteWidth == 4) {
    float value;
    std::memcpy(&value, data, 4);
    return value;
  }
  uint32_t raw = 0;
  std::memcpy(&raw, data, byteWidth);
  uint32_t magnitude = raw & maskTrailingOnes<uint32_t>(byteWidth * 8 - 1);
  bool negative = raw >> (byteWidth * 8 - 1);
  uint32_t mantissa = magnitude & maskTrailingOnes<uint32_t>(mantissaBits);
  int exponent = magnitude >> mantissaBits;
  int maxExponent = (1 << exponentBits) - 1, bias = maxExponent >> 1;
  double value;
  if (hasInfinity && exponent == maxExponent)
    value = mantissa ? std::nan("") : INFINITY;
  else if (!hasInfinity &&
           magnitude == maskTrailingOnes<uint32_t>(byteWidth * 8 - 1))
    value = std::nan("");
  else if (exponent == 0)
    value = std::ldexp(mantissa, 1 - bias - static_cast<int>(mantissaBits));
  else
    value = std::ldexp(mantissa + (1u << mantissaBits),
                       exponent - bias - static_cast<int>(mantissaBits));
  return negative ? -value : value;
}

/// `value` rounded once to a format with less than 64 bits.
static uint64_t encode(double value, unsigned exponentBits,
                       unsigned mantissaBits, bool hasInfinity) {
  uint64_t bits = llvm::bit_cast<uint64_t>(value);
  uint64_t magnitude = bits & maskTrailingOnes<uint64_t>(63);
  uint64_t sign = (bits >> 63) << (exponentBits + mantissaBits);
  int64_t bias = (1 << (exponentBits - 1)) - 1;
  uint64_t infinity = ((uint64_t(1) << exponentBits) - 1) << mantissaBits;
  uint64_t nan = hasInfinity
                     ? infinity | (uint64_t(1) << (mantissaBits - 1))
                     : maskTrailingOnes<uint64_t>(exponentBits + mantissaBits);
  if (std::isnan(value))
    return sign | nan;
  if (std::fabs(value) < std::ldexp(1.0, 1 - bias)) {
    // Counts in units of the smallest subnormal; nearbyint rounds to even.
    double unit = std::ldexp(1.0, bias - 1 + static_cast<int>(mantissaBits));
    return sign |
           static_cast<uint64_t>(std::nearbyint(std::fabs(value) * unit));
  }
  unsigned shift = 52 - mantissaBits;
  uint64_t rounded = magnitude + maskTrailingOnes<uint64_t>(shift - 1) +
                     (magnitude >> shift & 1);
  rounded = (rounded >> shift) - (uint64_t(1023 - bias) << mantissaBits);
  uint64_t limit = hasInfinity ? infinity : nan;
  return sign | std::min(rounded, limit);
}

void ElementFormat::store(char *data, double value) const {
  if (kind == Float) {
    if (byteWidth == 8) {
      std::memcpy(data, &value, 8);
    } else if (byteWidth == 4) {
      float narrow = static_cast<float>(value);
      std::memcpy(data, &narrow, 4);
    } else {
      uint64_t raw = encode(value, exponentBits, mantissaBits, hasInfinity);
      std::memcpy(data, &raw, byteWidth);
    }
    return;
  }
  if (kind == Bool)
    return storeInteger(data, value != 0);
  unsigned width = byteWidth * 8;
  if (std::isnan(value))
    return storeInteger(data, 0);
  if (kind == Unsigned) {
    double limit = std::ldexp(1.0, width);
    uint64_t raw = value <= 0       ? 0
                   : value >= limit ? maxUIntN(width)
                                    : static_cast<uint64_t>(value);
    return storeInteger(data, static_cast<int64_t>(raw));
  }
  double limit = std::ldexp(1.0, width - 1);
  storeInteger(data, value >= limit    ? maxIntN(width)
                     : value <= -limit ? minIntN(width)
                                       : static_cast<int64_t>(value));
}

mlir::attn::NpyDtype ElementFormat::npyDtype() const {
  switch (kind) {
  case Float:
    // numpy has no bf16 and no 8-bit floats; ml_dtypes writes them as void.
    if (byteWidth == 1 || (byteWidth == 2 && exponentBits == 8))
      return {'V', byteWidth};
    return {'f', byteWidth};
  case Signed:
    return {'i', byteWidth};
  case Unsigned:
    return {'u', byteWidth};
  case Bool:
    return {'b', 1};
  }
  llvm_unreachable("all kinds handled");
}

bool ElementFormat::accepts(NpyDtype dtype) const {
  if (dtype.bytes != byteWidth)
    return false;
  NpyDtype own = npyDtype();
  if (dtype.kind == own.kind)
    return true;
  if (own.kind == 'V')
    return dtype.kind == 'u' || (byteWidth == 1 && dtype.kind == 'f');
  // Signless integers have no sign to disagree on, and a mask of i8 is a bool.
  return own.kind == 'i' &&
         (dtype.kind == 'u' || (byteWidth == 1 && dtype.kind == 'b'));
}

//===----------------------------------------------------------------------===//
// TensorValue
//===----------------------------------------------------------------------===//

void TensorValue::Free::operator()(char *data) const { freeBlock(data); }

static std::string spell(ArrayRef<int64_t> shape, Type element) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (int64_t size : shape) {
    if (ShapedType::isDynamic(size))
      os << '?';
    else
      os << size;
    os << 'x';
  }
  os << element;
  return text;
}

std::string mlir::attn::describeType(Type type) {
  if (auto shaped = dyn_cast<ShapedType>(type); shaped && shaped.hasRank())
    return spell(shaped.getShape(), shaped.getElementType());
  return spell({}, type);
}

std::string TensorValue::typeString() const {
  return spell(sizes, elementType);
}

Expected<TensorValue> TensorValue::create(Type element, ArrayRef<int64_t> shape,
                                          bool isScalar) {
  std::optional<ElementFormat> format = ElementFormat::get(element);
  if (!format)
    return createStringError(
        "element type " + spell({}, element) +
        " is not supported; use f16, bf16, f32, f64, f8E4M3FN, f8E5M2, i1, i8, "
        "i16, i32, i64, ui8 or index");
  TensorValue value(element, *format);
  value.sizes.assign(shape.begin(), shape.end());
  value.scalar = isScalar;
  uint64_t bytes = format->bytes();
  bool tooLarge = false;
  if (llvm::is_contained(shape, 0))
    bytes = 0;
  else
    for (int64_t size : shape) {
      bool overflow = false;
      bytes = SaturatingMultiply<uint64_t>(bytes, size, &overflow);
      tooLarge |= overflow;
    }
  // More than there is would end this process when it is first written to.
  uint64_t memory = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                    static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  char *data = nullptr;
  if (!tooLarge && bytes <= memory) {
    value.count = bytes / format->bytes();
    data = static_cast<char *>(allocateBlock(bytes));
  }
  if (!data)
    return createStringError("cannot allocate memory for " +
                             spell(shape, element));
  value.storage.reset(data);
  std::memset(data, 0, bytes);
  return value;
}

TensorValue TensorValue::clone() const {
  TensorValue copy = cantFail(create(elementType, sizes, scalar));
  std::memcpy(copy.data(), data(), numBytes());
  return copy;
}

/// Calls `body(begin, end)` for pieces of [0, count) on all threads.
template <typename Body>
static void forPieces(int64_t count, Body body) {
  constexpr int64_t kPiece = 1 << 14;
  struct Context {
    Body &body;
    int64_t count;
  } context{body, count};
  attn_rt_parallel_for(
      divideCeil(count, kPiece),
      [](void *opaque, int64_t index, int64_t) {
        auto *context = static_cast<Context *>(opaque);
        int64_t begin = index * kPiece;
        context->body(begin, std::min(begin + kPiece, context->count));
      },
      &context);
}

void TensorValue::fillRandom(uint64_t seed) {
  unsigned width = elementFormat.bytes();
  forPieces(count, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      char *at = data() + i * width;
      if (elementFormat.isFloat())
        elementFormat.store(at, ::attn::normal(seed, i));
      else if (elementFormat.isBool())
        elementFormat.storeInteger(at, ::attn::bernoulli(seed, i));
      else
        elementFormat.storeInteger(at, ::attn::bits(seed, i) &
                                           (width == 1 ? 0xff : 0xf));
    }
  });
}

void TensorValue::fill(double value) {
  for (int64_t i = 0; i < count; ++i)
    set(i, value);
}

std::string mlir::attn::formatElement(const TensorValue &value, int64_t index) {
  std::string text;
  llvm::raw_string_ostream os(text);
  const ElementFormat &format = value.format();
  if (format.isFloat())
    os << llvm::format("%.6g", value.get(index));
  else
    os << format.loadInteger(value.data() + index * format.bytes());
  return text;
}
