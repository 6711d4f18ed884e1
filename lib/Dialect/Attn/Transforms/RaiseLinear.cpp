//===- RaiseLinear.cpp - Sums of positions --------------------------------===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Integer expressions as sums of rows and columns, which may be divided by
// constants and rounded down: the number of a block, or the place within it.
//
//===----------------------------------------------------------------------===//

#include "RaiseMatch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace mlir::attn;
using namespace mlir::attn::raise;

int64_t Linear::getFactor(Quotient position) const {
  for (auto &[found, factor] : positions)
    if (found == position)
      return factor;
  return 0;
}

void Linear::add(Quotient position, int64_t factor) {
  auto *found = llvm::find_if(
      positions, [&](auto &entry) { return entry.first == position; });
  if (found == positions.end())
    positions.push_back({position, factor});
  else
    found->second += factor;
  llvm::erase_if(positions, [](auto &entry) { return entry.second == 0; });
}

void Linear::add(Symbols &symbols, const Linear &other, int64_t factor) {
  for (auto &[position, count] : other.positions)
    add(position, factor * count);
  for (auto &[term, count] : other.rest.terms) {
    Expr *wanted = term;
    auto *found = llvm::find_if(rest.terms, [&](auto &entry) {
      return symbols.equal(entry.first, wanted);
    });
    if (found != rest.terms.end())
      found->second += factor * count;
    else
      rest.terms.push_back({term, factor * count});
  }
  llvm::erase_if(rest.terms, [](auto &entry) { return entry.second == 0; });
  rest.constant += factor * other.rest.constant;
}

std::optional<Place> raise::locate(Symbols &symbols, const Roles &roles,
                                   const Digit &digit) {
  for (bool ofColumn : {false, true}) {
    Index role = symbols.canonical(ofColumn ? roles.column : roles.row);
    Size low;
    for (const Digit &part : llvm::reverse(role.digits)) {
      Size end = symbols.multiply(part.div, part.size);
      std::optional<Size> extra = symbols.divide(digit.div, part.div);
      Size digitEnd = symbols.multiply(digit.div, digit.size);
      if (part.var == digit.var && extra && symbols.divide(end, digitEnd)) {
        Size from = symbols.multiply(low, *extra);
        return Place{ofColumn, from, symbols.multiply(from, digit.size)};
      }
      low = symbols.multiply(low, part.size);
    }
  }
  return std::nullopt;
}

namespace {
class LinearReader {
public:
  LinearReader(Symbols &symbols, const Roles &roles)
      : symbols(symbols), roles(roles) {}
  std::optional<Linear> read(Expr *expr);

private:
  std::optional<Linear> readIndex(const Index &index);
  std::optional<Linear> readQuotient(Expr *dividend, int64_t divisor,
                                     bool towardsZero);
  std::optional<Linear> readRoundedQuotient(Expr *expr);
  std::optional<Linear> divide(const Linear &dividend, int64_t divisor);
  void addPosition(Linear &sum, bool ofColumn, const Size &div, int64_t factor);
  bool isNonNegative(Expr *expr);
  std::optional<bool> decide(Expr *condition);
  Expr *stripIntegerCasts(Expr *expr);

  Symbols &symbols;
  const Roles &roles;
};
} // namespace

/// Conversions that keep the value, as long as it fits: positions do.
Expr *LinearReader::stripIntegerCasts(Expr *expr) {
  Expr *found = symbols.head(expr);
  while (found->isOp("arith.index_cast") || found->isOp("arith.index_castui") ||
         found->isOp("arith.extsi") || found->isOp("arith.trunci") ||
         (found->isOp("arith.extui") && !found->args[0]->type.isInteger(1)))
    found = symbols.head(found->args[0]);
  return found;
}

/// Adds floor(position / div); `div` must be static.
void LinearReader::addPosition(Linear &sum, bool ofColumn, const Size &div,
                               int64_t factor) {
  int64_t extent = symbols.getStatic(
      symbols.getProduct(ofColumn ? roles.column : roles.row));
  int64_t divisor = symbols.getStatic(div);
  if (ShapedType::isDynamic(extent) || divisor < extent)
    sum.add(Quotient{ofColumn, divisor}, factor);
}

std::optional<Linear> LinearReader::readIndex(const Index &index) {
  Index whole = symbols.canonical(index);
  Linear sum;
  if (whole.opaque)
    return std::nullopt;
  for (bool ofColumn : {false, true}) {
    Index role = symbols.canonical(ofColumn ? roles.column : roles.row);
    if (!role.isZero() && role == whole) {
      addPosition(sum, ofColumn, Size(), 1);
      return sum;
    }
  }
  Size weight;
  for (const Digit &digit : llvm::reverse(whole.digits)) {
    std::optional<Place> place = locate(symbols, roles, digit);
    int64_t factor = symbols.getStatic(weight);
    if (!place || ShapedType::isDynamic(factor) ||
        ShapedType::isDynamic(symbols.getStatic(place->low)))
      return std::nullopt;
    addPosition(sum, place->ofColumn, place->low, factor);
    // A digit that is not the highest wraps round.
    Size extent =
        symbols.getProduct(place->ofColumn ? roles.column : roles.row);
    if (!symbols.equal(place->high, extent)) {
      if (ShapedType::isDynamic(symbols.getStatic(place->high)))
        return std::nullopt;
      addPosition(sum, place->ofColumn, place->high,
                  -factor * symbols.getStatic(digit.size));
    }
    weight = symbols.multiply(weight, digit.size);
  }
  return sum;
}

/// Rounded down.
std::optional<Linear> LinearReader::divide(const Linear &dividend,
                                           int64_t divisor) {
  Linear quotient, rest;
  for (auto &[term, count] : dividend.rest.terms) {
    if (count % divisor != 0)
      return std::nullopt;
    quotient.rest.terms.push_back({term, count / divisor});
  }
  quotient.rest.constant =
      llvm::divideFloorSigned(dividend.rest.constant, divisor);
  int64_t left = dividend.rest.constant - quotient.rest.constant * divisor;
  for (auto &[position, count] : dividend.positions) {
    if (count % divisor == 0)
      quotient.add(position, count / divisor);
    else
      rest.add(position, count);
  }
  if (rest.positions.empty())
    return quotient;
  if (rest.positions.size() != 1 || rest.positions[0].second != 1 || left != 0)
    return std::nullopt;
  Quotient position = rest.positions[0].first;
  addPosition(quotient, position.ofColumn,
              Size::constant(position.div * divisor), 1);
  return quotient;
}

std::optional<Linear>
LinearReader::readQuotient(Expr *dividend, int64_t divisor, bool towardsZero) {
  if (divisor < 1 || (towardsZero && !isNonNegative(dividend)))
    return std::nullopt;
  std::optional<Linear> sum = read(dividend);
  return sum ? divide(*sum, divisor) : std::nullopt;
}

std::optional<RoundedQuotient> raise::matchRoundedQuotient(Symbols &symbols,
                                                           Expr *expr) {
  if (!expr->isOp("arith.fptosi"))
    return std::nullopt;
  Expr *rounded = symbols.head(expr->args[0]);
  bool down = rounded->isOp("math.floor");
  Expr *ratio = down || rounded->isOp("math.trunc")
                    ? symbols.head(rounded->args[0])
                    : rounded;
  if (!ratio->isOp("arith.divf"))
    return std::nullopt;
  Expr *dividend = symbols.head(ratio->args[0]);
  std::optional<double> divisor = symbols.getFloat(ratio->args[1]);
  if (!dividend->isOp("arith.sitofp") || !divisor || !(*divisor >= 1) ||
      *divisor > 1 << 22 || *divisor != std::floor(*divisor))
    return std::nullopt;
  return RoundedQuotient{dividend->args[0], static_cast<int64_t>(*divisor),
                         down, ratio->type};
}

/// In f64 the quotient of a position is rounded to an integer only where it is
/// one; in f32, up to 2^22.
std::optional<Linear> LinearReader::readRoundedQuotient(Expr *expr) {
  std::optional<RoundedQuotient> found = matchRoundedQuotient(symbols, expr);
  if (!found)
    return std::nullopt;
  if (!found->type.isF64()) {
    std::optional<Linear> plain = read(found->dividend);
    if (!found->type.isF32() || !plain || plain->positions.size() != 1 ||
        plain->positions[0].second != 1 || !plain->rest.terms.empty() ||
        plain->rest.constant != 0)
      return std::nullopt;
    int64_t extent = symbols.getStatic(symbols.getProduct(
        plain->positions[0].first.ofColumn ? roles.column : roles.row));
    if (ShapedType::isDynamic(extent) || extent > 1 << 22)
      return std::nullopt;
  }
  return readQuotient(found->dividend, found->divisor,
                      /*towardsZero=*/!found->down);
}

bool LinearReader::isNonNegative(Expr *expr) {
  Expr *found = stripIntegerCasts(expr);
  if (std::optional<int64_t> constant = symbols.getInt(found))
    return *constant >= 0;
  if (found->kind == Expr::Position)
    return true;
  if (found->isOp("arith.select")) {
    std::optional<bool> taken = decide(found->args[0]);
    if (taken)
      return isNonNegative(found->args[*taken ? 1 : 2]);
    return isNonNegative(found->args[1]) && isNonNegative(found->args[2]);
  }
  if (found->isOp("arith.fptosi"))
    return static_cast<bool>(readRoundedQuotient(found));
  if (found->isOp("arith.addi") || found->isOp("arith.muli") ||
      found->isOp("arith.divsi") || found->isOp("arith.floordivsi") ||
      found->isOp("arith.remsi") || found->isOp("arith.shrsi") ||
      found->isOp("arith.divui") || found->isOp("arith.remui"))
    return isNonNegative(found->args[0]) && isNonNegative(found->args[1]);
  return false;
}

/// The value of a condition that does not depend on where it is asked, like
/// the ones by which PyTorch's % gives a remainder the divisor's sign.
std::optional<bool> LinearReader::decide(Expr *condition) {
  Expr *found = symbols.head(condition);
  if (found->isOp("arith.andi")) {
    std::optional<bool> a = decide(found->args[0]), b = decide(found->args[1]);
    if (a == false || b == false)
      return false;
    return a && b ? std::optional<bool>(true) : std::nullopt;
  }
  auto compare = dyn_cast_if_present<arith::CmpIOp>(
      found->kind == Expr::Op ? found->op : nullptr);
  if (!compare || !isNonNegative(found->args[0]) ||
      symbols.getInt(found->args[1]) != 0)
    return std::nullopt;
  if (compare.getPredicate() == arith::CmpIPredicate::slt)
    return false;
  if (compare.getPredicate() == arith::CmpIPredicate::sge)
    return true;
  return std::nullopt;
}

std::optional<Linear> LinearReader::read(Expr *expr) {
  Linear result;
  Expr *found = stripIntegerCasts(expr);
  if (std::optional<int64_t> constant = symbols.getInt(found)) {
    result.rest.constant = *constant;
    return result;
  }
  if (found->kind == Expr::Position)
    return readIndex(found->idx[0]);
  auto combine = [&](Expr *first, Expr *second,
                     int64_t factor) -> std::optional<Linear> {
    std::optional<Linear> a = read(first), b = read(second);
    if (!a || !b)
      return std::nullopt;
    a->add(symbols, *b, factor);
    return a;
  };
  if (found->isOp("arith.addi"))
    return combine(found->args[0], found->args[1], 1);
  if (found->isOp("arith.subi"))
    return combine(found->args[0], found->args[1], -1);
  if (found->isOp("arith.muli"))
    for (unsigned i : {0, 1})
      if (std::optional<int64_t> factor = symbols.getInt(found->args[i])) {
        std::optional<Linear> other = read(found->args[1 - i]);
        if (!other)
          return std::nullopt;
        result.add(symbols, *other, *factor);
        return result;
      }
  if (found->isOp("arith.select"))
    if (std::optional<bool> taken = decide(found->args[0]))
      return read(found->args[*taken ? 1 : 2]);
  if (found->isOp("arith.fptosi"))
    return readRoundedQuotient(found);
  std::optional<int64_t> number;
  if (found->kind == Expr::Op && found->args.size() == 2)
    number = symbols.getInt(found->args[1]);
  if (number && (found->isOp("arith.divsi") || found->isOp("arith.divui")))
    return readQuotient(found->args[0], *number, /*towardsZero=*/true);
  if (number && found->isOp("arith.floordivsi"))
    return readQuotient(found->args[0], *number, /*towardsZero=*/false);
  if (number && found->isOp("arith.shrsi") && *number >= 0 && *number < 32)
    return readQuotient(found->args[0], int64_t(1) << *number,
                        /*towardsZero=*/false);
  if (number && (found->isOp("arith.remsi") || found->isOp("arith.remui"))) {
    std::optional<Linear> sum = read(found->args[0]);
    std::optional<Linear> quotient =
        readQuotient(found->args[0], *number, /*towardsZero=*/true);
    if (!sum || !quotient)
      return std::nullopt;
    sum->add(symbols, *quotient, -*number);
    return sum;
  }
  // A scalar, or one number per batch entry.
  if (found->kind != Expr::Scalar && found->kind != Expr::Load)
    return std::nullopt;
  if (dependsOnRole(symbols, found, roles.row) ||
      dependsOnRole(symbols, found, roles.column) ||
      dependsOnRole(symbols, found, roles.head))
    return std::nullopt;
  result.rest.terms.push_back({found, 1});
  return result;
}

std::optional<Linear> raise::readLinear(Symbols &symbols, const Roles &roles,
                                        Expr *expr) {
  return LinearReader(symbols, roles).read(expr);
}

std::optional<SmallVector<Comparison>>
raise::readComparisons(Symbols &symbols, const Roles &roles,
                       const Visible &visible) {
  Expr *compare = symbols.head(visible.condition);
  auto op = dyn_cast_if_present<arith::CmpIOp>(
      compare->kind == Expr::Op ? compare->op : nullptr);
  if (!op || visible.added)
    return std::nullopt;
  std::optional<Linear> a = readLinear(symbols, roles, compare->args[0]);
  std::optional<Linear> b = readLinear(symbols, roles, compare->args[1]);
  if (!a || !b)
    return std::nullopt;
  arith::CmpIPredicate predicate = op.getPredicate();
  if (!visible.when)
    predicate = arith::invertPredicate(predicate);
  int64_t strict = 0, sign = 1;
  bool equal = false, isUnsigned = false;
  switch (predicate) {
  case arith::CmpIPredicate::ult:
    isUnsigned = true;
    [[fallthrough]];
  case arith::CmpIPredicate::slt:
    strict = 1;
    break;
  case arith::CmpIPredicate::ule:
    isUnsigned = true;
    [[fallthrough]];
  case arith::CmpIPredicate::sle:
    break;
  case arith::CmpIPredicate::ugt:
    isUnsigned = true;
    [[fallthrough]];
  case arith::CmpIPredicate::sgt:
    strict = 1;
    sign = -1;
    break;
  case arith::CmpIPredicate::uge:
    isUnsigned = true;
    [[fallthrough]];
  case arith::CmpIPredicate::sge:
    sign = -1;
    break;
  case arith::CmpIPredicate::eq:
    equal = true;
    break;
  case arith::CmpIPredicate::ne:
    return std::nullopt;
  }
  // Without a sign a difference wraps round: only a position and a number.
  auto isPlain = [](const Linear &side) {
    return side.rest.terms.empty() && side.rest.constant >= 0 &&
           side.positions.size() <= 1 &&
           (side.positions.empty() ||
            (side.positions[0].second == 1 && side.rest.constant == 0));
  };
  if (isUnsigned && (!isPlain(*a) || !isPlain(*b)))
    return std::nullopt;
  Comparison comparison;
  comparison.equal = equal;
  comparison.sum.add(symbols, *a, sign);
  comparison.sum.add(symbols, *b, -sign);
  comparison.sum.rest.constant += strict;
  return SmallVector<Comparison>{comparison};
}
