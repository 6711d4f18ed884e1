//===- SparqState.h - What SparQ keeps between calls ------------*- C++ -*-===//
//
// Part of attn-mlir.
//
//===----------------------------------------------------------------------===//
//
// Adds the state of attn.sparq ops to the arguments of a function.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_DIALECT_ATTN_TRANSFORMS_SPARQSTATE_H
#define ATTN_LIB_DIALECT_ATTN_TRANSFORMS_SPARQSTATE_H

#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::attn {

/// The state of the attn.sparq ops of one function.
class StateArguments {
public:
  /// `isCalled` says whether something in the module calls `func`, which must
  /// then keep its arguments.
  StateArguments(func::FuncOp func, bool isCalled)
      : func(func), isCalled(isCalled) {}

  /// Gives `op` what it wants as arguments of the function, which appends keep
  /// up to date. Changes nothing if it fails, and `why` says what speaks
  /// against it.
  LogicalResult add(SparqOp op, bool wantsKeyT, bool wantsMean,
                    std::string &why);

  /// Returns what was updated from the function and creates NAME_prepare, if
  /// there is any state.
  void finish();

private:
  enum class Kind { KeyT, Mean };
  struct Kept {
    Kind kind;
    /// Numbers of the arguments that are the cache and its state.
    unsigned cache, argument;
    Layout layout;
    /// What the state is now.
    Value value;
    bool isUpdated;
  };

  static RankedTensorType getKeyTType(SparqOp op);
  Kept &getState(Kind kind, BlockArgument cache, RankedTensorType type,
                 Layout layout, bool isUpdated);
  void createPrepare();

  func::FuncOp func;
  bool isCalled;
  SmallVector<Kept> states;
};

} // namespace mlir::attn

#endif // ATTN_LIB_DIALECT_ATTN_TRANSFORMS_SPARQSTATE_H
