//===- lib/ExecutionEngine/Communicator.cpp - Ranks -----------------------===//
//
// Part of attn-mlir.
//
// Loads the library that knows MPI, where there is more than one rank.
//
//===----------------------------------------------------------------------===//

#include "attn/ExecutionEngine/Communicator.h"

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/ExecutionEngine/Run.h"
#include "attn/Runtime/CommMpi.h"
#include "attn/Runtime/DistMerge.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>

using namespace llvm;
using namespace mlir;
using namespace mlir::attn;

char MissingDevice::ID = 0;

static constexpr StringLiteral kLibrary = "libattn_comm_mpi.so";

int64_t mlir::attn::countLaunchedRanks() {
  // Of Open MPI, MPICH and Intel MPI (Hydra), MVAPICH, and Slurm. SLURM_NTASKS
  // is set for a shell in an allocation, too; the others only for ranks.
  for (const char *name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE",
                           "MPI_LOCALNRANKS", "MV2_COMM_WORLD_SIZE"})
    if (const char *text = std::getenv(name)) {
      int64_t count;
      if (!StringRef(text).getAsInteger(10, count) && count > 0)
        return count;
    }
  // Others that have PMIx (srun --mpi=pmix) say which rank this is only.
  return std::getenv("PMIX_RANK") ? 1 : 0;
}

std::unique_ptr<Communicator> Communicator::single() {
  std::unique_ptr<Communicator> made(new Communicator);
  attn_comm_init_single(&made->alone);
  made->comm = &made->alone;
  return made;
}

/// Opens the library: that of ATTN_COMM_LIBRARY, or beside this program as it
/// is built or installed, else wherever the system looks.
static void *openLibrary(std::string &why) {
  std::string program = sys::fs::getMainExecutable(
      nullptr, reinterpret_cast<void *>(&openLibrary));
  SmallString<128> path(sys::path::parent_path(program));
  sys::path::append(path, "..", "lib", kLibrary);
  // Its symbols are looked up by name. MPI's own plugins want to see MPI's.
  constexpr int flags = RTLD_NOW | RTLD_GLOBAL;
  const char *chosen = std::getenv("ATTN_COMM_LIBRARY");
  std::string name = chosen                  ? std::string(chosen)
                     : sys::fs::exists(path) ? path.str().str()
                                             : kLibrary.str();
  void *handle = dlopen(name.c_str(), flags);
  if (!handle)
    why = dlerror();
  return handle;
}

Expected<std::unique_ptr<Communicator>> Communicator::mpi() {
  auto missing = [](const Twine &why) {
    return make_error<MissingDevice>(("several ranks need MPI: " + why).str());
  };
  std::string why;
  void *library = openLibrary(why);
  if (!library)
    return missing(why + "; it is built where CMake finds MPI (Debian: "
                         "libopenmpi-dev)");
  auto *create = reinterpret_cast<decltype(&attn_comm_mpi_create)>(
      dlsym(library, "attn_comm_mpi_create"));
  auto *finalize = reinterpret_cast<decltype(&attn_comm_mpi_finalize)>(
      dlsym(library, "attn_comm_mpi_finalize"));
  auto *error = reinterpret_cast<decltype(&attn_comm_mpi_error)>(
      dlsym(library, "attn_comm_mpi_error"));
  if (!create || !finalize || !error)
    return missing(kLibrary + " is not ours");
  std::unique_ptr<Communicator> made(new Communicator);
  if (create(nullptr, &made->comm) != ATTN_COMM_OK)
    return missing(error());
  made->finalize = finalize;
  return made;
}

Expected<std::unique_ptr<Communicator>> Communicator::ofProcess() {
  if (countLaunchedRanks() > 0)
    return mpi();
  return single();
}

void Communicator::finish() {
  comm->destroy(comm);
  if (finalize)
    finalize();
  attn_comm_init_single(&alone);
  comm = &alone;
  finalize = nullptr;
}

Error Communicator::check(int32_t status) {
  if (status == ATTN_COMM_OK)
    return Error::success();
  return createStringError("rank " + Twine(rank()) + ": " +
                           comm->error_string(comm));
}

Error Communicator::barrier() { return check(comm->barrier(comm)); }

Expected<SmallVector<SmallVector<char, 0>, 0>>
Communicator::gather(ArrayRef<char> data) {
  int64_t bytes = data.size();
  SmallVector<int64_t> counts(size()), sizes(size(), sizeof(bytes));
  if (Error error = check(comm->gather(comm, &bytes, sizeof(bytes),
                                       counts.data(), sizes.data(), 0)))
    return std::move(error);
  int64_t total = 0;
  for (int64_t count : counts)
    total += count;
  SmallVector<char, 0> all(isRoot() ? total : 0);
  if (Error error = check(
          comm->gather(comm, data.data(), bytes, all.data(), counts.data(), 0)))
    return std::move(error);
  SmallVector<SmallVector<char, 0>, 0> parts;
  const char *at = all.data();
  for (int64_t count : isRoot() ? ArrayRef(counts) : ArrayRef<int64_t>()) {
    parts.emplace_back(at, at + count);
    at += count;
  }
  return std::move(parts);
}

Error Communicator::broadcast(MutableArrayRef<char> data) {
  return check(comm->broadcast(comm, data.data(), data.size(), 0));
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

Expected<std::unique_ptr<Communicator>>
Communicator::forFunction(ArrayRef<ArgumentInfo> arguments) {
  for (const ArgumentInfo &argument : arguments)
    if (isa<CommType>(argument.type))
      return ofProcess();
  return nullptr;
}

void mlir::attn::bindCommunicator(MutableArrayRef<TensorValue> inputs,
                                  Communicator *comm) {
  for (TensorValue &input : inputs) {
    if (!isa<CommType>(input.element()))
      continue;
    attn_comm *address = comm->get();
    std::memcpy(input.data(), &address, sizeof(address));
  }
}

//===----------------------------------------------------------------------===//
// What compiled code calls
//===----------------------------------------------------------------------===//

void attn_rt_dist_merge(attn_comm *comm, void *o, void *lse, int64_t rows,
                        int64_t width, int32_t dtype, int32_t algo,
                        int32_t root, int32_t payload) {
  int32_t status =
      comm->merge(comm, o, lse, rows, width, dtype, algo, root, payload);
  if (status == ATTN_COMM_OK)
    return;
  outs().flush();
  std::fflush(stdout); // Of compiled code that prints.
  errs() << "attn-run: error: rank " << comm->rank << " of " << comm->size
         << ": attn.dist_merge: " << comm->error_string(comm) << '\n';
  // Other ranks may wait for this one: their launcher ends them.
  std::_Exit(kExitBadInput);
}
