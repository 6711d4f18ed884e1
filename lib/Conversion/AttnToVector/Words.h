//===- Words.h - What matrix products multiply ------------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// A product of the kernel sums over words: one element, or two bf16 elements
// that lie next to each other and that one instruction multiplies and adds.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOVECTOR_WORDS_H
#define ATTN_LIB_CONVERSION_ATTNTOVECTOR_WORDS_H

#include "VectorBuilder.h"

namespace mlir::attn {

/// Loads, rounds and multiplies words. A word is as wide as the accumulator and
/// has its type, also where it is the bits of two bf16 elements, the one with
/// the lower index in the lower half.
class Words {
public:
  /// Words of `size` elements, 1 or 2.
  Words(VectorBuilder &b, int64_t size) : b(b), elements(size) {}

  /// Elements of a word.
  int64_t size() const { return elements; }
  bool isPair() const { return elements == 2; }
  /// Words that hold `count` elements.
  int64_t count(int64_t count) const {
    return (count + elements - 1) / elements;
  }
  Value count(Value count) {
    return isPair() ? b.div(b.add(count, 1), b.idx(2)) : count;
  }

  /// The word at `column`, a multiple of the size, of a row of `rows`, whose
  /// elements are adjacent, in every lane. Of the word of an odd last column
  /// only the lower half is read.
  Value splatOfRow(Value rows, Value row, Value column, bool isHalf = false);
  /// sum + x * y, of the elements of the words.
  Value multiplyAdd(Value x, Value y, Value sum);
  /// Pairs of bf16 from two vectors of non-negative numbers, rounded to
  /// nearest. What becomes of a NaN is unspecified.
  Value roundPairs(Value low, Value high);
  /// to[key / 2][column] = the pair rows[key][column], rows[key + 1][column]
  /// for keys below `numKeys`; the last is paired with itself where nothing
  /// follows it. `rowOf` gives the row of a key.
  void interleaveRows(Value rows, Value numKeys, int64_t columns,
                      function_ref<Value(Value)> rowOf, Value to);

private:
  VectorBuilder &b;
  int64_t elements;
};

} // namespace mlir::attn

#endif // ATTN_LIB_CONVERSION_ATTNTOVECTOR_WORDS_H
