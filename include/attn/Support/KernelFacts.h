//===- KernelFacts.h - What became of an op in code -------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// What a code generator chose for an op and what holds its code up, as text,
// on its way to whoever writes a report.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_SUPPORT_KERNELFACTS_H
#define ATTN_SUPPORT_KERNELFACTS_H

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace mlir::attn {

/// The kernel of one op.
struct KernelFacts {
  std::string function;
  /// file:line:col, or as a location prints if it has none.
  std::string location;
  /// "panel" (lanes are queries), "decode" (lanes are elements of a row of
  /// memory), "decode or panel" where the rows decide when run, or "sparq".
  std::string scheme;
  int64_t lanes = 0; ///< Elements of a vector.
  int64_t rows = 0;  ///< Query rows worked on at once.
  int64_t tile = 0;  ///< Keys, or columns, whose sums are in registers.
  int64_t block = 0; ///< Keys between two updates of the running maximum.
  /// Why the code is slower than it could be, each with a way out.
  std::vector<std::string> slow;
};

/// Who is told of every kernel made in this process, from any thread, one at a
/// time; null for nobody.
void setKernelListener(std::function<void(const KernelFacts &)> listener);
void tellKernelListener(const KernelFacts &facts);

} // namespace mlir::attn

#endif // ATTN_SUPPORT_KERNELFACTS_H
