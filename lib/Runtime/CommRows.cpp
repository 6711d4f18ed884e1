//===- lib/Runtime/CommRows.cpp - What ranks send each other --------------===//
//
// Part of attn-mlir.
//
// The merge of algorithms.md 0.2 on packed rows, in f32 (f64 for f64). Compiled
// without contraction to fused multiply-adds: ranks merge the same two parts in
// either order and must get the same bits.
//
//===----------------------------------------------------------------------===//

#include "attn/Runtime/CommRows.h"

#include "attn/Runtime/Abi.h"

#include <cmath>
#include <cstring>

namespace {
/// The nearest float, but where that is not exact the one of the two next to
/// `value` whose last bit is 1: rounding it once more is as good as rounding
/// `value`.
float roundToOdd(double value) {
  auto nearest = static_cast<float>(value);
  uint32_t bits;
  std::memcpy(&bits, &nearest, sizeof(bits));
  if (static_cast<double>(nearest) == value || value != value || (bits & 1))
    return nearest;
  bits += std::fabs(static_cast<double>(nearest)) > std::fabs(value) ? -1 : 1;
  std::memcpy(&nearest, &bits, sizeof(bits));
  return nearest;
}

/// A type of elements in a message.
template <typename T>
struct Plain {
  static constexpr int64_t bytes = sizeof(T);
  static T load(const char *at) {
    T value;
    std::memcpy(&value, at, sizeof(T));
    return value;
  }
  template <typename S>
  static void store(char *at, S value) {
    auto rounded = static_cast<T>(value);
    std::memcpy(at, &rounded, sizeof(T));
  }
};

struct BFloat16 {
  static constexpr int64_t bytes = 2;
  static float load(const char *at) {
    uint16_t high;
    std::memcpy(&high, at, sizeof(high));
    uint32_t bits = static_cast<uint32_t>(high) << 16;
    float value;
    std::memcpy(&value, &bits, sizeof(bits));
    return value;
  }
  static void store(char *at, float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    // Of a NaN only low bits may be set. Both at once, for vectors.
    uint32_t quiet = bits | 0x400000;
    uint32_t rounded = bits + 0x7fff + ((bits >> 16) & 1);
    bits = (bits & 0x7fffffff) > 0x7f800000 ? quiet : rounded;
    auto high = static_cast<uint16_t>(bits >> 16);
    std::memcpy(at, &high, sizeof(high));
  }
  static void store(char *at, double value) { store(at, roundToOdd(value)); }
};

/// Rows with lse of type T and elements of type P.
template <typename T, typename P>
class Rows {
public:
  explicit Rows(const attn_comm_row *row) : width(row->width) {}

  void pack(const T *o, const T *lse, int64_t rows, char *message) const {
    for (int64_t i = 0; i < rows; ++i) {
      char *to = next(message);
      Plain<T>::store(to, lse[i]);
      // A weight of 0 would not make nothing of a NaN that nobody computed.
      bool empty = isEmpty(lse[i]);
      for (int64_t c = 0; c < width; ++c)
        P::store(element(to, c), empty ? T(0) : o[i * width + c]);
    }
  }

  void unpack(const char *message, int64_t rows, T *o, T *lse) const {
    for (int64_t i = 0; i < rows; ++i) {
      const char *from = next(message);
      lse[i] = Plain<T>::load(from);
      for (int64_t c = 0; c < width; ++c)
        o[i * width + c] = P::load(element(from, c));
    }
  }

  void merge(const char *in, char *inout, int64_t rows) const {
    for (int64_t i = 0; i < rows; ++i) {
      const char *a = next(in);
      char *b = next(inout);
      T lseA = Plain<T>::load(a), lseB = Plain<T>::load(b);
      T shift = shiftOf(lseA > lseB ? lseA : lseB);
      T weightA = std::exp(lseA - shift), weightB = std::exp(lseB - shift);
      T sum = weightA + weightB;
      if (sum == 0) // Neither saw a key.
        continue;
      weightA /= sum;
      weightB /= sum;
      for (int64_t c = 0; c < width; ++c) {
        T x = weightA * P::load(element(a, c));
        T y = weightB * P::load(element(b, c));
        P::store(element(b, c), x + y);
      }
      Plain<T>::store(b, shift + std::log(sum));
    }
  }

  void mergeAll(const char *messages, int64_t parts, int64_t rows, T *o,
                T *lse) const {
    int64_t stride = rows * rowBytes();
    for (int64_t i = 0; i < rows; ++i) {
      const char *first = messages + i * rowBytes();
      T max = -INFINITY;
      for (int64_t p = 0; p < parts; ++p) {
        T one = Plain<T>::load(first + p * stride);
        max = one > max ? one : max;
      }
      T shift = shiftOf(max), sum = 0, *to = o + i * width;
      for (int64_t c = 0; c < width; ++c)
        to[c] = 0;
      for (int64_t p = 0; p < parts; ++p) {
        const char *from = first + p * stride;
        T weight = std::exp(Plain<T>::load(from) - shift);
        sum += weight;
        for (int64_t c = 0; c < width; ++c)
          to[c] += weight * P::load(element(from, c));
      }
      finish(to, lse[i], sum, shift);
    }
  }

  void packWeighted(const T *o, const T *lse, const T *max, int64_t rows,
                    char *message) const {
    for (int64_t i = 0; i < rows; ++i) {
      char *to = next(message);
      T weight = std::exp(lse[i] - shiftOf(max[i]));
      Plain<T>::store(to, weight);
      bool empty = isEmpty(lse[i]);
      for (int64_t c = 0; c < width; ++c)
        P::store(element(to, c), empty ? T(0) : weight * o[i * width + c]);
    }
  }

  void add(const char *in, char *inout, int64_t rows) const {
    for (int64_t i = 0; i < rows; ++i) {
      const char *a = next(in);
      char *b = next(inout);
      Plain<T>::store(b, Plain<T>::load(a) + Plain<T>::load(b));
      for (int64_t c = 0; c < width; ++c)
        P::store(element(b, c),
                 P::load(element(a, c)) + P::load(element(b, c)));
    }
  }

  void unpackWeighted(const char *message, const T *max, int64_t rows, T *o,
                      T *lse) const {
    for (int64_t i = 0; i < rows; ++i) {
      const char *from = next(message);
      for (int64_t c = 0; c < width; ++c)
        o[i * width + c] = P::load(element(from, c));
      finish(o + i * width, lse[i], Plain<T>::load(from), shiftOf(max[i]));
    }
  }

private:
  int64_t rowBytes() const { return sizeof(T) + width * P::bytes; }
  template <typename C>
  C *next(C *&message) const {
    C *row = message;
    message += rowBytes();
    return row;
  }
  template <typename C>
  static C *element(C *row, int64_t c) {
    return row + sizeof(T) + c * P::bytes;
  }

  static bool isEmpty(T lse) { return lse == -INFINITY; }
  /// A maximum as it is subtracted: -inf - -inf would be NaN.
  static T shiftOf(T max) { return isEmpty(max) ? T(0) : max; }

  /// Divides by the sum of weights. A NaN that comparisons lost is among them.
  void finish(T *o, T &lse, T sum, T shift) const {
    bool isDead = sum == 0; // Not !(sum > 0): a NaN stays.
    for (int64_t c = 0; c < width; ++c)
      o[c] = isDead ? T(0) : o[c] / sum;
    lse = isDead ? -INFINITY : shift + std::log(sum);
  }

  int64_t width;
};
} // namespace

/// Calls `body` with the Rows that `row` describes.
template <typename Body>
static void withRows(const attn_comm_row *row, Body body) {
  if (row->dtype == ATTN_F64) {
    if (row->payload == ATTN_BF16)
      body(Rows<double, BFloat16>(row), double());
    else if (row->payload == ATTN_F32)
      body(Rows<double, Plain<float>>(row), double());
    else
      body(Rows<double, Plain<double>>(row), double());
    return;
  }
  if (row->payload == ATTN_BF16)
    body(Rows<float, BFloat16>(row), float());
  else
    body(Rows<float, Plain<float>>(row), float());
}

int64_t attn_comm_lse_bytes(const attn_comm_row *row) {
  return row->dtype == ATTN_F64 ? 8 : 4;
}

int64_t attn_comm_row_bytes(const attn_comm_row *row) {
  int64_t bytes = row->payload == ATTN_BF16  ? 2
                  : row->payload == ATTN_F64 ? 8
                                             : 4;
  return attn_comm_lse_bytes(row) + row->width * bytes;
}

void attn_comm_pack(const attn_comm_row *row, const void *o, const void *lse,
                    int64_t rows, void *message) {
  withRows(row, [&](auto form, auto type) {
    using T = decltype(type);
    form.pack(static_cast<const T *>(o), static_cast<const T *>(lse), rows,
              static_cast<char *>(message));
  });
}

void attn_comm_unpack(const attn_comm_row *row, const void *message,
                      int64_t rows, void *o, void *lse) {
  withRows(row, [&](auto form, auto type) {
    using T = decltype(type);
    form.unpack(static_cast<const char *>(message), rows, static_cast<T *>(o),
                static_cast<T *>(lse));
  });
}

void attn_comm_merge(const attn_comm_row *row, const void *in, void *inout,
                     int64_t rows) {
  withRows(row, [&](auto form, auto) {
    form.merge(static_cast<const char *>(in), static_cast<char *>(inout), rows);
  });
}

void attn_comm_merge_all(const attn_comm_row *row, const void *messages,
                         int64_t parts, int64_t rows, void *o, void *lse) {
  withRows(row, [&](auto form, auto type) {
    using T = decltype(type);
    form.mergeAll(static_cast<const char *>(messages), parts, rows,
                  static_cast<T *>(o), static_cast<T *>(lse));
  });
}

void attn_comm_pack_weighted(const attn_comm_row *row, const void *o,
                             const void *lse, const void *max, int64_t rows,
                             void *message) {
  withRows(row, [&](auto form, auto type) {
    using T = decltype(type);
    form.packWeighted(static_cast<const T *>(o), static_cast<const T *>(lse),
                      static_cast<const T *>(max), rows,
                      static_cast<char *>(message));
  });
}

void attn_comm_add(const attn_comm_row *row, const void *in, void *inout,
                   int64_t rows) {
  withRows(row, [&](auto form, auto) {
    form.add(static_cast<const char *>(in), static_cast<char *>(inout), rows);
  });
}

void attn_comm_unpack_weighted(const attn_comm_row *row, const void *message,
                               const void *max, int64_t rows, void *o,
                               void *lse) {
  withRows(row, [&](auto form, auto type) {
    using T = decltype(type);
    form.unpackWeighted(static_cast<const char *>(message),
                        static_cast<const T *>(max), rows, static_cast<T *>(o),
                        static_cast<T *>(lse));
  });
}
