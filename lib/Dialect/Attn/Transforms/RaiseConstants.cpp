//===- RaiseConstants.cpp - Masks that are constants ----------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// A model may keep its mask, or a part of one, in a table. A condition on
// elements of constants and positions is computed for every row and column it
// distinguishes, and taken as comparisons only if these give the same answer
// everywhere.
//
//===----------------------------------------------------------------------===//

#include "RaiseMatch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::raise;

/// Larger masks are left as they are.
static constexpr int64_t kMaxElements = int64_t(1) << 22;

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

template <typename T>
static bool copyElements(ArrayRef<char> bytes, int64_t count,
                         std::vector<double> &out) {
  if (bytes.size() != count * sizeof(T))
    return false;
  out.resize(count);
  for (int64_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    out[i] = static_cast<double>(value);
  }
  return true;
}

std::optional<std::vector<double>> raise::getElements(Value tensor) {
  Attribute attr;
  auto type = dyn_cast<RankedTensorType>(tensor.getType());
  if (!type || !type.hasStaticShape() ||
      !matchPattern(tensor, m_Constant(&attr)))
    return std::nullopt;
  int64_t count = type.getNumElements();
  Type element = type.getElementType();
  if (count > kMaxElements)
    return std::nullopt;
  std::vector<double> values;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      return std::nullopt;
    ArrayRef<char> bytes = blob->getData();
    bool read = false;
    if (element.isF32())
      read = copyElements<float>(bytes, count, values);
    else if (element.isF64())
      read = copyElements<double>(bytes, count, values);
    else if (element.isInteger(8))
      read = copyElements<int8_t>(bytes, count, values);
    else if (element.isInteger(16))
      read = copyElements<int16_t>(bytes, count, values);
    else if (element.isInteger(32))
      read = copyElements<int32_t>(bytes, count, values);
    else if (element.isInteger(64))
      read = copyElements<int64_t>(bytes, count, values);
    if (!read)
      return std::nullopt;
    return values;
  }
  auto dense = dyn_cast<DenseElementsAttr>(attr);
  if (!dense)
    return std::nullopt;
  values.reserve(count);
  if (isa<FloatType>(element)) {
    for (const APFloat &value : dense.getValues<APFloat>())
      values.push_back(FloatAttr::getValueAsDouble(value));
  } else if (element.isInteger(1)) {
    for (bool value : dense.getValues<bool>())
      values.push_back(value);
  } else if (element.isIntOrIndex() &&
             (element.isIndex() || element.getIntOrFloatBitWidth() <= 64)) {
    for (const APInt &value : dense.getValues<APInt>())
      values.push_back(static_cast<double>(value.getSExtValue()));
  } else {
    return std::nullopt;
  }
  return values;
}

//===----------------------------------------------------------------------===//
// Evaluation
//===----------------------------------------------------------------------===//

namespace {
/// The part of the rows or columns that a condition distinguishes: (position /
/// low) % size.
struct Piece {
  int64_t low = 0, size = 1;
  /// The position has no higher part.
  bool highest = true;
};

/// One value for each row and column, or for each of one of them.
struct Grid {
  int64_t rows = 1, columns = 1;
  std::vector<double> values;
  double at(int64_t row, int64_t column) const {
    return values[(rows == 1 ? 0 : row) * columns +
                  (columns == 1 ? 0 : column)];
  }
};

class ConstantReader {
public:
  ConstantReader(Symbols &symbols, const Roles &roles)
      : symbols(symbols), roles(roles) {}
  std::optional<SmallVector<Comparison>> read(const Visible &visible);

private:
  bool collect(Expr *expr, SmallVectorImpl<Place> &places, bool &readsTable);
  std::optional<Piece> join(ArrayRef<Place> places, bool ofColumn);
  std::optional<Grid> evaluate(Expr *expr);
  std::optional<Grid> evaluateOp(Expr *expr);
  /// offsets[row or column] += weight * the value of `index` there.
  bool addOffsets(const Index &index, int64_t weight,
                  std::vector<int64_t> &ofRows,
                  std::vector<int64_t> &ofColumns);
  Linear getPosition(const Piece &piece, bool ofColumn, int64_t div);
  std::optional<SmallVector<Comparison>> recognise(const Grid &visible);

  Symbols &symbols;
  const Roles &roles;
  Piece row, column;
};
} // namespace

/// The places that `expr` distinguishes; false if it reads what is not known
/// here.
bool ConstantReader::collect(Expr *expr, SmallVectorImpl<Place> &places,
                             bool &readsTable) {
  Expr *found = symbols.head(expr);
  switch (found->kind) {
  case Expr::Const:
    return true;
  case Expr::Load: {
    Operation *def = found->value.getDefiningOp();
    if (!def || !def->hasTrait<OpTrait::ConstantLike>())
      return false;
    readsTable = true;
    [[fallthrough]];
  }
  case Expr::Position:
    for (const Index &index : found->idx) {
      if (index.opaque)
        return false;
      for (const Digit &digit : symbols.canonical(index).digits) {
        std::optional<Place> place = locate(symbols, roles, digit);
        if (!place)
          return false;
        places.push_back(*place);
      }
    }
    return true;
  case Expr::Op:
    return llvm::all_of(found->args, [&](Expr *arg) {
      return collect(arg, places, readsTable);
    });
  default:
    return false;
  }
}

std::optional<Piece> ConstantReader::join(ArrayRef<Place> places,
                                          bool ofColumn) {
  Size extent = symbols.getProduct(ofColumn ? roles.column : roles.row);
  Piece piece;
  int64_t low = 0, high = 0;
  for (const Place &place : places) {
    if (place.ofColumn != ofColumn)
      continue;
    int64_t placeLow = symbols.getStatic(place.low);
    int64_t placeHigh = symbols.getStatic(place.high);
    if (ShapedType::isDynamic(placeLow) || ShapedType::isDynamic(placeHigh))
      return std::nullopt;
    low = low ? std::min(low, placeLow) : placeLow;
    high = std::max(high, placeHigh);
  }
  if (!low)
    return piece;
  for (const Place &place : places)
    if (place.ofColumn == ofColumn && symbols.getStatic(place.low) % low != 0)
      return std::nullopt;
  if (high % low != 0)
    return std::nullopt;
  piece.low = low;
  piece.size = high / low;
  piece.highest = symbols.equal(Size::constant(high), extent);
  return piece;
}

bool ConstantReader::addOffsets(const Index &index, int64_t weight,
                                std::vector<int64_t> &ofRows,
                                std::vector<int64_t> &ofColumns) {
  Index whole = symbols.canonical(index);
  for (const Digit &digit : llvm::reverse(whole.digits)) {
    std::optional<Place> place = locate(symbols, roles, digit);
    int64_t size = symbols.getStatic(digit.size);
    if (!place || ShapedType::isDynamic(size))
      return false;
    const Piece &piece = place->ofColumn ? column : row;
    std::vector<int64_t> &offsets = place->ofColumn ? ofColumns : ofRows;
    int64_t div = symbols.getStatic(place->low) / piece.low;
    for (auto [position, offset] : llvm::enumerate(offsets))
      offset += weight * (static_cast<int64_t>(position) / div % size);
    weight *= size;
  }
  return true;
}

template <typename Function>
static Grid combine(ArrayRef<Grid> args, Function function) {
  Grid result;
  for (const Grid &arg : args) {
    result.rows = std::max(result.rows, arg.rows);
    result.columns = std::max(result.columns, arg.columns);
  }
  result.values.resize(result.rows * result.columns);
  for (int64_t i = 0; i < result.rows; ++i)
    for (int64_t j = 0; j < result.columns; ++j)
      result.values[i * result.columns + j] = function(i, j);
  return result;
}

static bool compareFloats(arith::CmpFPredicate predicate, double a, double b) {
  return arith::applyCmpPredicate(predicate, APFloat(a), APFloat(b));
}

std::optional<Grid> ConstantReader::evaluateOp(Expr *expr) {
  SmallVector<Grid> args;
  for (Expr *arg : expr->args) {
    std::optional<Grid> grid = evaluate(arg);
    if (!grid)
      return std::nullopt;
    args.push_back(std::move(*grid));
  }
  auto binary = [&](auto function) {
    return combine(args, [&](int64_t i, int64_t j) {
      return static_cast<double>(function(args[0].at(i, j), args[1].at(i, j)));
    });
  };
  auto unary = [&](auto function) {
    return combine(args, [&](int64_t i, int64_t j) {
      return static_cast<double>(function(args[0].at(i, j)));
    });
  };
  bool isBool = expr->type.isInteger(1);
  if (isBool && expr->isOp("arith.andi"))
    return binary([](double a, double b) { return a != 0 && b != 0; });
  if (isBool && expr->isOp("arith.ori"))
    return binary([](double a, double b) { return a != 0 || b != 0; });
  if (isBool && expr->isOp("arith.xori"))
    return binary([](double a, double b) { return (a != 0) != (b != 0); });
  if (expr->isOp("arith.select"))
    return combine(args, [&](int64_t i, int64_t j) {
      return args[args[0].at(i, j) != 0 ? 1 : 2].at(i, j);
    });
  if (auto op = dyn_cast_if_present<arith::CmpIOp>(expr->op)) {
    if (op.getLhs().getType().isInteger(1) &&
        op.getPredicate() != arith::CmpIPredicate::eq &&
        op.getPredicate() != arith::CmpIPredicate::ne)
      return std::nullopt;
    switch (op.getPredicate()) {
    case arith::CmpIPredicate::eq:
      return binary([](double a, double b) { return a == b; });
    case arith::CmpIPredicate::ne:
      return binary([](double a, double b) { return a != b; });
    case arith::CmpIPredicate::slt:
      return binary([](double a, double b) { return a < b; });
    case arith::CmpIPredicate::sle:
      return binary([](double a, double b) { return a <= b; });
    case arith::CmpIPredicate::sgt:
      return binary([](double a, double b) { return a > b; });
    case arith::CmpIPredicate::sge:
      return binary([](double a, double b) { return a >= b; });
    default:
      return std::nullopt;
    }
  }
  if (auto op = dyn_cast_if_present<arith::CmpFOp>(expr->op))
    return binary([&](double a, double b) {
      return compareFloats(op.getPredicate(), a, b);
    });
  // What does not round.
  if (expr->isOp("arith.index_cast") || expr->isOp("arith.extf"))
    return unary([](double a) { return a; });
  if ((expr->isOp("arith.extui") || expr->isOp("arith.uitofp")) &&
      expr->args[0]->type.isInteger(1))
    return unary([](double a) { return a; });
  if (expr->isOp("arith.extsi") && !expr->args[0]->type.isInteger(1))
    return unary([](double a) { return a; });
  return std::nullopt;
}

std::optional<Grid> ConstantReader::evaluate(Expr *expr) {
  Expr *found = symbols.head(expr);
  Grid grid;
  switch (found->kind) {
  case Expr::Const: {
    double value;
    if (std::optional<int64_t> integer = symbols.getInt(found))
      value = static_cast<double>(*integer);
    else if (auto number = dyn_cast<FloatAttr>(found->attr))
      value = number.getValueAsDouble();
    else
      return std::nullopt;
    grid.values.push_back(value);
    return grid;
  }
  case Expr::Load:
  case Expr::Position: {
    std::vector<int64_t> ofRows(row.size, 0), ofColumns(column.size, 0);
    std::optional<std::vector<double>> table;
    if (found->kind == Expr::Position) {
      if (!addOffsets(found->idx[0], 1, ofRows, ofColumns))
        return std::nullopt;
    } else {
      table = getElements(found->value);
      if (!table)
        return std::nullopt;
      int64_t weight = 1;
      ArrayRef<int64_t> shape =
          cast<RankedTensorType>(found->value.getType()).getShape();
      for (int64_t i = shape.size() - 1; i >= 0; --i) {
        if (!addOffsets(found->idx[i], weight, ofRows, ofColumns))
          return std::nullopt;
        weight *= shape[i];
      }
    }
    auto isZero = [](int64_t offset) { return offset == 0; };
    grid.rows = llvm::all_of(ofRows, isZero) ? 1 : row.size;
    grid.columns = llvm::all_of(ofColumns, isZero) ? 1 : column.size;
    grid.values.resize(grid.rows * grid.columns);
    for (int64_t i = 0; i < grid.rows; ++i)
      for (int64_t j = 0; j < grid.columns; ++j) {
        int64_t offset = ofRows[i] + ofColumns[j];
        if (table && offset >= static_cast<int64_t>(table->size()))
          return std::nullopt;
        grid.values[i * grid.columns + j] =
            table ? (*table)[offset] : static_cast<double>(offset);
      }
    return grid;
  }
  case Expr::Op:
    return evaluateOp(found);
  default:
    return std::nullopt;
  }
}

//===----------------------------------------------------------------------===//
// Structure
//===----------------------------------------------------------------------===//

/// floor(place in the piece / div) as a sum.
Linear ConstantReader::getPosition(const Piece &piece, bool ofColumn,
                                   int64_t div) {
  Linear sum;
  int64_t extent = symbols.getStatic(
      symbols.getProduct(ofColumn ? roles.column : roles.row));
  auto add = [&](int64_t by, int64_t factor) {
    if (ShapedType::isDynamic(extent) || by < extent)
      sum.add(Quotient{ofColumn, by}, factor);
  };
  add(piece.low * div, 1);
  if (!piece.highest)
    add(piece.low * piece.size, -(piece.size / div));
  return sum;
}

std::optional<SmallVector<Comparison>>
ConstantReader::recognise(const Grid &visible) {
  SmallVector<Comparison> comparisons;
  auto addEdge = [&](const Linear &small, const Linear &large, int64_t by,
                     bool equal) {
    // small <= large + by
    Comparison comparison;
    comparison.sum.add(symbols, small, 1);
    comparison.sum.add(symbols, large, -1);
    comparison.sum.rest.constant -= by;
    comparison.equal = equal;
    comparisons.push_back(comparison);
  };
  // Candidates for j <= i + right, j >= i + left, j / length == i / length.
  std::optional<int64_t> right, left;
  int64_t length = 0;
  for (int64_t i = 0; i < row.size; ++i) {
    int64_t first = -1, last = -1;
    for (int64_t j = 0; j < column.size; ++j)
      if (visible.at(i, j) != 0) {
        first = first < 0 ? j : first;
        last = j;
      }
    if (first < 0)
      continue;
    if (last < column.size - 1)
      right = right ? std::max(*right, last - i) : last - i;
    if (first > 0)
      left = left ? std::min(*left, first - i) : first - i;
    if (!length && i > 0 && first == i)
      length = i;
  }
  auto agrees = [&](int64_t blockLen) {
    for (int64_t i = 0; i < row.size; ++i)
      for (int64_t j = 0; j < column.size; ++j) {
        bool expected = (!right || j <= i + *right) &&
                        (!left || j >= i + *left) &&
                        (!blockLen || j / blockLen == i / blockLen);
        if (expected != (visible.at(i, j) != 0))
          return false;
      }
    return true;
  };
  auto divides = [&](const Piece &piece) {
    return piece.highest || piece.size % length == 0;
  };
  if (!length || !divides(row) || !divides(column) || !agrees(length)) {
    if (!agrees(0))
      return std::nullopt;
    length = 0;
  }
  // Rows that see all keys, or the other way round, need no comparison with
  // what the condition does not depend on.
  if ((right || left || length) && (!row.low || !column.low))
    return std::nullopt;
  if (length)
    addEdge(getPosition(column, /*ofColumn=*/true, length),
            getPosition(row, /*ofColumn=*/false, length), 0, /*equal=*/true);
  Linear i = row.low ? getPosition(row, /*ofColumn=*/false, 1) : Linear();
  Linear j = column.low ? getPosition(column, /*ofColumn=*/true, 1) : Linear();
  if (right)
    addEdge(j, i, *right, /*equal=*/false);
  if (left)
    addEdge(i, j, -*left, /*equal=*/false);
  return comparisons;
}

std::optional<SmallVector<Comparison>>
ConstantReader::read(const Visible &visible) {
  SmallVector<Place> places;
  bool readsTable = false;
  if (!collect(visible.condition, places, readsTable) || !readsTable)
    return std::nullopt;
  std::optional<Piece> rows = join(places, /*ofColumn=*/false);
  std::optional<Piece> columns = join(places, /*ofColumn=*/true);
  if (!rows || !columns || rows->size > kMaxElements / columns->size)
    return std::nullopt;
  row = *rows;
  column = *columns;
  std::optional<Grid> condition = evaluate(visible.condition);
  if (!condition)
    return std::nullopt;
  for (double &value : condition->values)
    value = visible.added ? value == 0 : (value != 0) == visible.when;
  return recognise(*condition);
}

std::optional<SmallVector<Comparison>>
raise::readConstants(Symbols &symbols, const Roles &roles,
                     const Visible &visible) {
  return ConstantReader(symbols, roles).read(visible);
}
