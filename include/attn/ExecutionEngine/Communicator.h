//===- include/attn/ExecutionEngine/Communicator.h - Ranks ------*- C++ -*-===//
//
// Part of attn-mlir.
//
// The ranks that attn-run computes with: those mpirun started, or this one.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_EXECUTIONENGINE_COMMUNICATOR_H
#define ATTN_EXECUTIONENGINE_COMMUNICATOR_H

#include "attn/ExecutionEngine/InputSpec.h"
#include "attn/Runtime/Comm.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>

namespace mlir::attn {

/// What a program asked for is not on this machine: exit code 77.
class MissingDevice : public llvm::ErrorInfo<MissingDevice> {
public:
  static char ID;
  explicit MissingDevice(std::string why) : why(std::move(why)) {}
  void log(llvm::raw_ostream &os) const override { os << why; }
  std::error_code convertToErrorCode() const override {
    return llvm::inconvertibleErrorCode();
  }

private:
  std::string why;
};

/// How many ranks the launcher (mpirun, srun) of this process started, by its
/// environment, 1 if it does not say how many; 0 if there was none.
int64_t countLaunchedRanks();

/// A group of ranks. All of them make the same calls in the same order.
class Communicator {
public:
  /// This process alone.
  static std::unique_ptr<Communicator> single();
  /// All ranks, by MPI: loads libattn_comm_mpi.so. A MissingDevice if that is
  /// not there or does not work.
  static llvm::Expected<std::unique_ptr<Communicator>> mpi();
  /// `mpi` if a launcher started this process, else `single`.
  static llvm::Expected<std::unique_ptr<Communicator>> ofProcess();
  /// `ofProcess` for a function that takes a communicator, else null.
  static llvm::Expected<std::unique_ptr<Communicator>>
  forFunction(llvm::ArrayRef<ArgumentInfo> arguments);
  /// Ends what `mpi` began, on all ranks together. A rank that fails where
  /// others may wait for it leaves this out: its exit code has the launcher end
  /// them.
  void finish();

  int rank() const { return comm->rank; }
  int size() const { return comm->size; }
  bool isRoot() const { return rank() == 0; }
  /// What compiled functions take.
  attn_comm *get() const { return comm; }

  llvm::Error barrier();
  /// At rank 0 what every rank gave, in their order; elsewhere nothing. Each
  /// may give as much as it likes.
  llvm::Expected<llvm::SmallVector<llvm::SmallVector<char, 0>, 0>>
  gather(llvm::ArrayRef<char> data);
  /// Replaces `data` by that of rank 0, which is as long.
  llvm::Error broadcast(llvm::MutableArrayRef<char> data);

private:
  Communicator() = default;
  llvm::Error check(int32_t status);

  attn_comm alone = {};
  attn_comm *comm = nullptr;
  int32_t (*finalize)(void) = nullptr;
};

/// Lets the communicators among `inputs` be `comm`, which may be null if there
/// are none.
void bindCommunicator(llvm::MutableArrayRef<TensorValue> inputs,
                      Communicator *comm);

} // namespace mlir::attn

#endif // ATTN_EXECUTIONENGINE_COMMUNICATOR_H
