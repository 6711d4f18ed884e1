//===- Slices.h -----------------------------------------------------------===//
//
// Part of attn-mlir
//
//===----------------------------------------------------------------------===//
//
// Parts of problems and memory for what is made of them, private to this room.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_REFERENCE_SLICES_H
#define ATTN_LIB_REFERENCE_SLICES_H

#include "attn/Reference/Attention.h"

#include <vector>

namespace attn::reference {

/// Storage with a view of it.
template <typename T, int Rank = 4>
struct Owned {
  std::vector<T> data;
  View<T, Rank> view;
  explicit Owned(const std::array<int64_t, Rank> &sizes) {
    view = makeView<Rank>(static_cast<T *>(nullptr), sizes);
    data.resize(view.numElements());
    view.data = data.data();
  }
  // A copy's view would be of the other's storage.
  Owned(Owned &&) = default;
  Owned &operator=(Owned &&) = default;
};

/// The part of a problem whose keys are [begin, end). Keys of their own stay.
inline AttentionProblem sliceKeys(AttentionProblem p, int64_t begin,
                                  int64_t end) {
  auto cut = [&](auto &view, int dim) {
    if (view && view->sizes[dim] != 1)
      view = view->slice(dim, begin, end - begin);
  };
  cut(p.bias, 3);
  cut(p.mask, 3);
  cut(p.keyScale, 2);
  cut(p.valueScale, 2);
  p.key = p.key.slice(2, begin, end - begin);
  p.value = p.value.slice(2, begin, end - begin);
  p.kvOffset += begin;
  return p;
}

/// The part of a problem whose rows are [begin, end).
inline AttentionProblem sliceRows(AttentionProblem p, int64_t begin,
                                  int64_t end) {
  auto cut = [&](auto &view) {
    if (view && view->sizes[2] != 1)
      view = view->slice(2, begin, end - begin);
  };
  cut(p.bias);
  cut(p.mask);
  p.query = p.query.slice(2, begin, end - begin);
  p.qOffset += begin;
  return p;
}

} // namespace attn::reference

#endif // ATTN_LIB_REFERENCE_SLICES_H
