//===- RaiseViews.cpp - Tensors with the wanted dimensions ----------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Positions say what each dimension of a tensor is. To get a tensor with other
// dimensions, cut the digits into pieces that both sides share, expand to
// pieces, transpose, collapse. A tensor the program already has is preferred.
//
//===----------------------------------------------------------------------===//

#include "RaiseMatch.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::raise;

namespace {
/// The pieces that several positions cut variables into.
class Pieces {
public:
  explicit Pieces(Symbols &symbols) : symbols(symbols) {}

  /// False for a position that is not made of digits.
  bool add(const Index &index) {
    if (index.opaque)
      return false;
    for (const Digit &digit : symbols.canonical(index).digits) {
      if (!addCut(digit.var, digit.div) ||
          !addCut(digit.var, symbols.multiply(digit.div, digit.size)))
        return false;
    }
    return true;
  }

  SmallVector<Digit> refine(const Index &index) {
    SmallVector<Digit> result;
    for (const Digit &digit : symbols.canonical(index).digits) {
      Size end = symbols.multiply(digit.div, digit.size);
      ArrayRef<Size> all = cuts[digit.var];
      SmallVector<Digit> inside;
      for (unsigned i = 0; i + 1 < all.size(); ++i)
        if (symbols.divide(all[i], digit.div) &&
            symbols.divide(end, all[i + 1]))
          inside.push_back(
              {digit.var, all[i], *symbols.divide(all[i + 1], all[i])});
      result.append(inside.rbegin(), inside.rend());
    }
    return result;
  }

private:
  /// Keeps the cuts of a variable in ascending order; each divides the next.
  bool addCut(unsigned var, const Size &cut) {
    SmallVector<Size> &all = cuts[var];
    unsigned i = 0;
    for (; i < all.size(); ++i) {
      if (symbols.equal(all[i], cut))
        return true;
      if (symbols.divide(all[i], cut))
        break;
      if (!symbols.divide(cut, all[i]))
        return false;
    }
    all.insert(all.begin() + i, cut);
    return true;
  }

  Symbols &symbols;
  DenseMap<unsigned, SmallVector<Size>> cuts;
};
} // namespace

std::optional<SmallVector<SmallVector<Digit>>>
raise::refineTogether(Symbols &symbols, ArrayRef<Index> positions) {
  Pieces pieces(symbols);
  for (const Index &index : positions)
    if (!pieces.add(index))
      return std::nullopt;
  SmallVector<SmallVector<Digit>> result;
  for (const Index &index : positions)
    result.push_back(pieces.refine(index));
  return result;
}

/// Each dimension of the step is run through completely.
static bool coversTensor(Symbols &symbols, const ViewStep &step) {
  for (auto [i, index] : llvm::enumerate(step.idx))
    if (index.opaque || !symbols.equal(symbols.getProduct(index),
                                       symbols.getDim(step.tensor, i)))
      return false;
  return true;
}

/// How the dimensions at `from` become those at `to`.
namespace {
struct Plan {
  /// The pieces of each dimension; a unit dimension has none.
  SmallVector<SmallVector<Digit>> from, to;
};
} // namespace

static std::optional<Plan> makePlan(Symbols &symbols, ArrayRef<Index> from,
                                    ArrayRef<Index> to, bool mayBroadcast) {
  SmallVector<Index> all(from.begin(), from.end());
  all.append(to.begin(), to.end());
  auto refined = refineTogether(symbols, all);
  if (!refined)
    return std::nullopt;
  Plan plan;
  plan.from.assign(refined->begin(), refined->begin() + from.size());
  plan.to.assign(refined->begin() + from.size(), refined->end());
  SmallVector<Digit> available;
  for (ArrayRef<Digit> dim : plan.from)
    for (const Digit &piece : dim) {
      // The same piece twice is a diagonal.
      if (llvm::is_contained(available, piece))
        return std::nullopt;
      available.push_back(piece);
    }
  unsigned used = 0;
  for (SmallVector<Digit> &dim : plan.to) {
    unsigned found = llvm::count_if(dim, [&](const Digit &piece) {
      return llvm::is_contained(available, piece);
    });
    if (found == 0 && mayBroadcast)
      dim.clear();
    else if (found != dim.size())
      return std::nullopt;
    used += dim.size();
  }
  if (used != available.size())
    return std::nullopt;
  return plan;
}

static Value castTo(OpBuilder &builder, Location loc, Value value,
                    RankedTensorType type) {
  if (value.getType() == type)
    return value;
  return tensor::CastOp::create(builder, loc, type, value);
}

static RankedTensorType getType(Symbols &symbols, ArrayRef<Size> sizes,
                                Type elementType) {
  SmallVector<int64_t> shape;
  for (const Size &size : sizes)
    shape.push_back(symbols.getStatic(size));
  return RankedTensorType::get(shape, elementType);
}

/// `source` in the shape `sizes`, group i of it being dimension i of source.
static Value expandTo(OpBuilder &builder, Location loc, Symbols &symbols,
                      Value source, ArrayRef<Size> sizes,
                      ArrayRef<ReassociationIndices> groups) {
  Type elementType = getElementTypeOrSelf(source.getType());
  RankedTensorType type = getType(symbols, sizes, elementType);
  // The op wants both sides to know the same sizes.
  SmallVector<int64_t> collapsed;
  for (const ReassociationIndices &group : groups) {
    int64_t size = 1;
    for (int64_t member : group) {
      if (type.isDynamicDim(member)) {
        size = ShapedType::kDynamic;
        break;
      }
      size *= type.getDimSize(member);
    }
    collapsed.push_back(size);
  }
  source = castTo(builder, loc, source,
                  RankedTensorType::get(collapsed, elementType));
  SmallVector<OpFoldResult> shape;
  for (const Size &size : sizes)
    shape.push_back(symbols.materializeFolded(builder, loc, size));
  return tensor::ExpandShapeOp::create(builder, loc, type, source, groups,
                                       shape);
}

static Value build(OpBuilder &builder, Location loc, Symbols &symbols,
                   Value source, const Plan &plan) {
  // Expand to pieces; unit dimensions are pieces of size 1.
  SmallVector<Size> sizes;
  SmallVector<std::optional<Digit>> pieces;
  SmallVector<ReassociationIndices> groups;
  for (ArrayRef<Digit> dim : plan.from) {
    ReassociationIndices group;
    for (const Digit &piece : dim) {
      group.push_back(pieces.size());
      pieces.push_back(piece);
      sizes.push_back(piece.size);
    }
    if (dim.empty()) {
      group.push_back(pieces.size());
      pieces.push_back(std::nullopt);
      sizes.push_back(Size());
    }
    groups.push_back(group);
  }
  if (pieces.size() != plan.from.size())
    source = expandTo(builder, loc, symbols, source, sizes, groups);
  else
    source =
        castTo(builder, loc, source,
               getType(symbols, sizes, getElementTypeOrSelf(source.getType())));

  // Unit dimensions go along with what they precede, so that they cost nothing.
  SmallVector<int64_t> permutation;
  SmallVector<ReassociationIndices> collapse;
  SmallVector<bool> placed(pieces.size(), false);
  for (ArrayRef<Digit> dim : plan.to) {
    if (dim.empty())
      continue;
    ReassociationIndices group;
    for (const Digit &wanted : dim) {
      int64_t at =
          llvm::find(pieces, std::optional<Digit>(wanted)) - pieces.begin();
      int64_t first = at;
      while (first > 0 && !pieces[first - 1] && !placed[first - 1])
        --first;
      for (int64_t i = first; i <= at; ++i) {
        placed[i] = true;
        group.push_back(permutation.size());
        permutation.push_back(i);
      }
    }
    collapse.push_back(group);
  }
  for (auto [i, done] : llvm::enumerate(placed)) {
    if (done)
      continue;
    if (!collapse.empty())
      collapse.back().push_back(permutation.size());
    permutation.push_back(i);
  }
  if (!llvm::is_sorted(permutation)) {
    SmallVector<OpFoldResult> shape;
    for (int64_t i : permutation)
      shape.push_back(symbols.materializeFolded(builder, loc, sizes[i]));
    Value empty = tensor::EmptyOp::create(
        builder, loc, shape, getElementTypeOrSelf(source.getType()));
    source =
        linalg::TransposeOp::create(builder, loc, source, empty, permutation)
            ->getResult(0);
  }
  if (collapse.size() != permutation.size())
    source = tensor::CollapseShapeOp::create(builder, loc, source, collapse);

  // Unit dimensions of the target.
  if (collapse.size() != plan.to.size()) {
    SmallVector<Size> target;
    SmallVector<ReassociationIndices> regroup(collapse.size());
    int64_t group = -1;
    for (auto [i, dim] : llvm::enumerate(plan.to)) {
      Size size;
      for (const Digit &piece : dim)
        size = symbols.multiply(size, piece.size);
      target.push_back(size);
      if (!dim.empty())
        ++group;
      if (!regroup.empty())
        regroup[std::max<int64_t>(group, 0)].push_back(i);
    }
    source = expandTo(builder, loc, symbols, source, target, regroup);
  }
  return source;
}

Value raise::buildView(OpBuilder *builder, Location loc, Symbols &symbols,
                       ArrayRef<ViewStep> chain, ArrayRef<Index> dims,
                       bool mayBroadcast) {
  // The deepest tensor that is the one wanted.
  for (const ViewStep &step : llvm::reverse(chain)) {
    if (step.idx.size() != dims.size() || !coversTensor(symbols, step))
      continue;
    if (llvm::all_of(llvm::zip_equal(step.idx, dims), [&](auto pair) {
          Index has = symbols.canonical(std::get<0>(pair));
          Index wanted = symbols.canonical(std::get<1>(pair));
          return has == wanted || (mayBroadcast && has.isZero());
        }))
      return step.tensor;
  }
  for (const ViewStep &step : llvm::reverse(chain)) {
    if (!coversTensor(symbols, step))
      continue;
    std::optional<Plan> plan = makePlan(symbols, step.idx, dims, mayBroadcast);
    if (!plan)
      continue;
    if (!builder)
      return step.tensor;
    return build(*builder, loc, symbols, step.tensor, *plan);
  }
  return Value();
}

Value raise::rearrange(OpBuilder &builder, Location loc, Symbols &symbols,
                       Value source, ArrayRef<Index> dims,
                       ArrayRef<Index> target, RankedTensorType type) {
  std::optional<Plan> plan =
      makePlan(symbols, dims, target, /*mayBroadcast=*/false);
  if (!plan)
    return Value();
  bool same = dims.size() == target.size() &&
              llvm::all_of(llvm::zip_equal(dims, target), [&](auto pair) {
                return symbols.canonical(std::get<0>(pair)) ==
                       symbols.canonical(std::get<1>(pair));
              });
  Value result = same ? source : build(builder, loc, symbols, source, *plan);
  return castTo(builder, loc, result, type);
}
