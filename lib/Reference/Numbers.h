//===- Numbers.h ----------------------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// Infinities and a maximum that keeps NaN, private to this room.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_REFERENCE_NUMBERS_H
#define ATTN_LIB_REFERENCE_NUMBERS_H

#include <cmath>
#include <limits>

namespace attn::reference {

inline constexpr double kInf = std::numeric_limits<double>::infinity();
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// The larger number, or NaN if either is NaN (std::max would drop it).
inline double maxOrNaN(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return kNaN;
  return a < b ? b : a;
}

} // namespace attn::reference

#endif // ATTN_LIB_REFERENCE_NUMBERS_H
