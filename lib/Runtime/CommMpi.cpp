//===- lib/Runtime/CommMpi.cpp - Communicators over MPI -------------------===//
//
// Part of attn-mlir.
//
// The functions of Comm.h in terms of MPI: one packed message a merge. Rows are
// an MPI datatype whose attribute says what is in them, so that the operation
// of a reduction needs nothing else; types and operations are made once.
//
//===----------------------------------------------------------------------===//

// All that the library exports.
#pragma GCC visibility push(default)
#include "attn/Runtime/CommMpi.h"
#pragma GCC visibility pop

#include "attn/Runtime/Abi.h"
#include "attn/Runtime/CommRows.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

/// Bytes that one call of MPI moves at most at one rank: counts are int, and
/// libraries multiply them.
static constexpr int64_t kMaxBytes = int64_t(1) << 30;

/// Marks the messages of gather.
static constexpr int kGatherTag = 1;

namespace {
/// Memory that is kept from one merge to the next.
struct Scratch {
  char *data = nullptr;
  int64_t bytes = 0;

  char *get(int64_t wanted) {
    if (wanted <= bytes)
      return data;
    std::free(data);
    data = static_cast<char *>(std::malloc(wanted));
    bytes = data ? wanted : 0;
    return data;
  }
};

/// Rows as MPI knows them. Lives as long as the communicator: the datatype
/// refers to it.
struct RowType {
  attn_comm_row row;
  MPI_Datatype type;
  RowType *next;
};

/// What attn_comm.ctx points to.
struct MpiComm {
  attn_comm base;
  MPI_Comm comm;
  MPI_Op merge, add;
  RowType *types;
  Scratch message, all, maxima;
  char error[256 + MPI_MAX_ERROR_STRING];
};
} // namespace

/// Of the datatypes of rows; made before the first of them, never freed.
static int rowKeyval = MPI_KEYVAL_INVALID;
/// Set by an operation that was called with a datatype that is not of rows.
static std::atomic<bool> lostRow;
static bool didInit = false;
static thread_local char createError[256 + MPI_MAX_ERROR_STRING];

static MpiComm *of(attn_comm *comm) {
  return static_cast<MpiComm *>(comm->ctx);
}

static void describe(char *text, size_t size, const char *what, int code) {
  char why[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(code, why, &length);
  std::snprintf(text, size, "%s: %s", what, why);
}

/// Remembers what failed.
static int32_t fail(MpiComm *comm, const char *what, int code) {
  describe(comm->error, sizeof(comm->error), what, code);
  return ATTN_COMM_ERROR_ENGINE;
}

static int32_t fail(MpiComm *comm, int32_t status) {
  std::snprintf(comm->error, sizeof(comm->error), "%s",
                attn_comm_status_string(status));
  return status;
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

template <auto function>
static void reduceRows(void *in, void *inout, int *count, MPI_Datatype *type) {
  void *row = nullptr;
  int found = 0;
  if (MPI_Type_get_attr(*type, rowKeyval, static_cast<void *>(&row), &found) !=
          MPI_SUCCESS ||
      !found) {
    lostRow = true; // An operation has no way to fail.
    return;
  }
  function(static_cast<const attn_comm_row *>(row), in, inout, *count);
}

/// The datatype of `row`, made when it is first asked for.
static int getType(MpiComm *comm, const attn_comm_row &row,
                   MPI_Datatype &type) {
  for (RowType *known = comm->types; known; known = known->next)
    if (known->row.width == row.width && known->row.dtype == row.dtype &&
        known->row.payload == row.payload) {
      type = known->type;
      return MPI_SUCCESS;
    }
  auto *made = static_cast<RowType *>(std::malloc(sizeof(RowType)));
  if (!made)
    return MPI_ERR_NO_MEM;
  made->row = row;
  int code = MPI_Type_contiguous(static_cast<int>(attn_comm_row_bytes(&row)),
                                 MPI_BYTE, &made->type);
  if (code == MPI_SUCCESS) {
    code = MPI_Type_commit(&made->type);
    if (code == MPI_SUCCESS)
      code = MPI_Type_set_attr(made->type, rowKeyval, &made->row);
    if (code != MPI_SUCCESS)
      MPI_Type_free(&made->type);
  }
  if (code != MPI_SUCCESS) {
    std::free(made);
    return code;
  }
  made->next = comm->types;
  comm->types = made;
  type = made->type;
  return MPI_SUCCESS;
}

//===----------------------------------------------------------------------===//
// Merges of what fits a message
//===----------------------------------------------------------------------===//

namespace {
/// One call of merge, and then one message of it.
struct Merge {
  MpiComm *comm;
  attn_comm_row row;
  int32_t algo, root;

  bool hasResult() const { return root < 0 || comm->base.rank == root; }
  void count(int64_t bytes) const {
    comm->base.messages += 1;
    comm->base.bytes += bytes;
  }
  int32_t reduce(const char *what, char *message, int count, MPI_Datatype type,
                 MPI_Op op) const;
  int32_t tree(void *o, void *lse, int64_t rows) const;
  int32_t allgather(void *o, void *lse, int64_t rows) const;
  int32_t allreduce(void *o, void *lse, int64_t rows) const;
};
} // namespace

/// Reduces `message` in place, to the root or to all.
int32_t Merge::reduce(const char *what, char *message, int count,
                      MPI_Datatype type, MPI_Op op) const {
  lostRow = false;
  int code;
  if (root < 0)
    code = MPI_Allreduce(MPI_IN_PLACE, message, count, type, op, comm->comm);
  else if (hasResult())
    code = MPI_Reduce(MPI_IN_PLACE, message, count, type, op, root, comm->comm);
  else
    code = MPI_Reduce(message, nullptr, count, type, op, root, comm->comm);
  if (code != MPI_SUCCESS)
    return fail(comm, what, code);
  if (lostRow)
    return fail(comm, "the MPI library gave a reduction another datatype",
                MPI_ERR_TYPE);
  return ATTN_COMM_OK;
}

int32_t Merge::tree(void *o, void *lse, int64_t rows) const {
  int64_t bytes = rows * attn_comm_row_bytes(&row);
  MPI_Datatype type;
  if (int code = getType(comm, row, type); code != MPI_SUCCESS)
    return fail(comm, "cannot make a datatype of rows", code);
  char *message = comm->message.get(bytes);
  if (!message)
    return fail(comm, ATTN_COMM_ERROR_MEMORY);
  attn_comm_pack(&row, o, lse, rows, message);
  count(bytes);
  if (int32_t status = reduce("merge by a tree", message,
                              static_cast<int>(rows), type, comm->merge))
    return status;
  if (hasResult())
    attn_comm_unpack(&row, message, rows, o, lse);
  return ATTN_COMM_OK;
}

int32_t Merge::allgather(void *o, void *lse, int64_t rows) const {
  int64_t bytes = rows * attn_comm_row_bytes(&row);
  auto count = static_cast<int>(bytes);
  char *message = comm->message.get(bytes);
  char *all = hasResult() ? comm->all.get(bytes * comm->base.size) : nullptr;
  if (!message || (hasResult() && !all))
    return fail(comm, ATTN_COMM_ERROR_MEMORY);
  attn_comm_pack(&row, o, lse, rows, message);
  this->count(bytes);
  int code = root < 0 ? MPI_Allgather(message, count, MPI_BYTE, all, count,
                                      MPI_BYTE, comm->comm)
                      : MPI_Gather(message, count, MPI_BYTE, all, count,
                                   MPI_BYTE, root, comm->comm);
  if (code != MPI_SUCCESS)
    return fail(comm, "merge by gathering", code);
  if (hasResult())
    attn_comm_merge_all(&row, all, comm->base.size, rows, o, lse);
  return ATTN_COMM_OK;
}

int32_t Merge::allreduce(void *o, void *lse, int64_t rows) const {
  bool isDouble = row.dtype == ATTN_F64;
  int64_t lseBytes = rows * attn_comm_lse_bytes(&row);
  int64_t bytes = rows * attn_comm_row_bytes(&row);
  char *maxima = comm->maxima.get(lseBytes);
  char *message = comm->message.get(bytes);
  if (!maxima || !message)
    return fail(comm, ATTN_COMM_ERROR_MEMORY);
  // Every rank needs the maxima, wherever the sum goes.
  count(lseBytes);
  MPI_Datatype number = isDouble ? MPI_DOUBLE : MPI_FLOAT;
  int code = MPI_Allreduce(lse, maxima, static_cast<int>(rows), number, MPI_MAX,
                           comm->comm);
  if (code != MPI_SUCCESS)
    return fail(comm, "merge by sums, the maximum of lse", code);
  attn_comm_pack_weighted(&row, o, lse, maxima, rows, message);
  count(bytes);
  int32_t status;
  if (row.payload == row.dtype) {
    status = reduce("merge by sums", message,
                    static_cast<int>(rows * (row.width + 1)), number, MPI_SUM);
  } else {
    // Numbers of two types, one of which MPI may not have.
    MPI_Datatype type;
    if (int code = getType(comm, row, type); code != MPI_SUCCESS)
      return fail(comm, "cannot make a datatype of rows", code);
    status = reduce("merge by sums", message, static_cast<int>(rows), type,
                    comm->add);
  }
  if (status == ATTN_COMM_OK && hasResult())
    attn_comm_unpack_weighted(&row, message, maxima, rows, o, lse);
  return status;
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

static int32_t merge(attn_comm *base, void *o, void *lse, int64_t rows,
                     int64_t width, int32_t dtype, int32_t algo, int32_t root,
                     int32_t payload) {
  MpiComm *comm = of(base);
  if (!attn_comm_accepts(base, o, lse, rows, width, dtype, algo, root, payload))
    return fail(comm, ATTN_COMM_ERROR_ARGUMENT);
  if (base->size == 1 || rows == 0)
    return ATTN_COMM_OK;
  Merge merge = {comm, {width, dtype, payload ? payload : dtype}, algo, root};
  // As many rows as fit all limits; these are the same on all ranks.
  if (width > kMaxBytes)
    return fail(comm, ATTN_COMM_ERROR_TOO_LARGE);
  int64_t copies = algo == ATTN_COMM_ALLGATHER ? base->size : 1;
  int64_t most = kMaxBytes / (attn_comm_row_bytes(&merge.row) * copies);
  if (base->max_count > 0 && base->max_count / (width + 1) < most)
    most = base->max_count / (width + 1);
  if (most == 0)
    return fail(comm, ATTN_COMM_ERROR_TOO_LARGE);
  int64_t element = attn_comm_lse_bytes(&merge.row);
  for (int64_t first = 0; first < rows; first += most) {
    int64_t some = rows - first < most ? rows - first : most;
    void *someO = static_cast<char *>(o) + first * width * element;
    void *someLse = static_cast<char *>(lse) + first * element;
    int32_t status = algo == ATTN_COMM_TREE ? merge.tree(someO, someLse, some)
                     : algo == ATTN_COMM_ALLGATHER
                         ? merge.allgather(someO, someLse, some)
                         : merge.allreduce(someO, someLse, some);
    if (status != ATTN_COMM_OK)
      return status;
  }
  return ATTN_COMM_OK;
}

static int32_t barrier(attn_comm *base) {
  int code = MPI_Barrier(of(base)->comm);
  return code == MPI_SUCCESS ? ATTN_COMM_OK : fail(of(base), "barrier", code);
}

/// The bytes of the next piece of `bytes` that begins at `first`.
static int pieceBytes(int64_t first, int64_t bytes) {
  return static_cast<int>(bytes - first < kMaxBytes ? bytes - first
                                                    : kMaxBytes);
}

static int32_t gather(attn_comm *base, const void *data, int64_t bytes,
                      void *all, const int64_t *counts, int32_t root) {
  MpiComm *comm = of(base);
  bool isRoot = base->rank == root;
  if (root < 0 || root >= base->size || bytes < 0 ||
      (isRoot && (!counts || counts[root] != bytes)))
    return fail(comm, ATTN_COMM_ERROR_ARGUMENT);
  if (!isRoot) {
    for (int64_t at = 0; at < bytes; at += kMaxBytes)
      if (int code = MPI_Send(static_cast<const char *>(data) + at,
                              pieceBytes(at, bytes), MPI_BYTE, root, kGatherTag,
                              comm->comm);
          code != MPI_SUCCESS)
        return fail(comm, "gather", code);
    return ATTN_COMM_OK;
  }
  auto *to = static_cast<char *>(all);
  for (int rank = 0; rank < base->size; ++rank) {
    if (rank == root && bytes > 0)
      std::memcpy(to, data, bytes);
    for (int64_t at = 0; rank != root && at < counts[rank]; at += kMaxBytes)
      if (int code = MPI_Recv(to + at, pieceBytes(at, counts[rank]), MPI_BYTE,
                              rank, kGatherTag, comm->comm, MPI_STATUS_IGNORE);
          code != MPI_SUCCESS)
        return fail(comm, "gather", code);
    to += counts[rank];
  }
  return ATTN_COMM_OK;
}

static int32_t broadcast(attn_comm *base, void *data, int64_t bytes,
                         int32_t root) {
  MpiComm *comm = of(base);
  if (root < 0 || root >= base->size || bytes < 0)
    return fail(comm, ATTN_COMM_ERROR_ARGUMENT);
  for (int64_t at = 0; at < bytes; at += kMaxBytes)
    if (int code = MPI_Bcast(static_cast<char *>(data) + at,
                             pieceBytes(at, bytes), MPI_BYTE, root, comm->comm);
        code != MPI_SUCCESS)
      return fail(comm, "broadcast", code);
  return ATTN_COMM_OK;
}

static const char *errorString(attn_comm *base) { return of(base)->error; }

static void destroy(attn_comm *base) {
  MpiComm *comm = of(base);
  int hasEnded = 0;
  MPI_Finalized(&hasEnded);
  while (RowType *type = comm->types) {
    comm->types = type->next;
    if (!hasEnded)
      MPI_Type_free(&type->type);
    std::free(type);
  }
  if (!hasEnded) {
    if (comm->merge != MPI_OP_NULL)
      MPI_Op_free(&comm->merge);
    if (comm->add != MPI_OP_NULL)
      MPI_Op_free(&comm->add);
    if (comm->comm != MPI_COMM_NULL)
      MPI_Comm_free(&comm->comm);
  }
  std::free(comm->message.data);
  std::free(comm->all.data);
  std::free(comm->maxima.data);
  std::free(comm);
}

//===----------------------------------------------------------------------===//
// Beginning and end
//===----------------------------------------------------------------------===//

static int32_t failToCreate(int32_t status, const char *what, int code) {
  if (code == MPI_SUCCESS)
    std::snprintf(createError, sizeof(createError), "%s", what);
  else
    describe(createError, sizeof(createError), what, code);
  return status;
}

static int32_t initialise() {
  int hasBegun = 0, hasEnded = 0;
  MPI_Initialized(&hasBegun);
  MPI_Finalized(&hasEnded);
  if (hasEnded)
    return failToCreate(ATTN_COMM_ERROR_MISSING,
                        "MPI has been finalized and cannot begin again",
                        MPI_SUCCESS);
  if (!hasBegun) {
    int provided;
    int code =
        MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
    if (code != MPI_SUCCESS)
      return failToCreate(ATTN_COMM_ERROR_MISSING, "MPI_Init_thread", code);
    didInit = true;
  }
  if (rowKeyval != MPI_KEYVAL_INVALID)
    return ATTN_COMM_OK;
  int code = MPI_Type_create_keyval(
      MPI_TYPE_NULL_COPY_FN, MPI_TYPE_NULL_DELETE_FN, &rowKeyval, nullptr);
  return code == MPI_SUCCESS ? ATTN_COMM_OK
                             : failToCreate(ATTN_COMM_ERROR_ENGINE,
                                            "MPI_Type_create_keyval", code);
}

int32_t attn_comm_mpi_create(const void *mpi_comm, attn_comm **result) {
  *result = nullptr;
  if (int32_t status = initialise())
    return status;
  auto *comm = static_cast<MpiComm *>(std::calloc(1, sizeof(MpiComm)));
  if (!comm)
    return failToCreate(ATTN_COMM_ERROR_MEMORY, "out of memory", MPI_SUCCESS);
  // The parts that are there for one rank; all else is replaced.
  attn_comm_init_single(&comm->base);
  comm->base.ctx = comm;
  comm->comm = MPI_COMM_NULL;
  comm->merge = comm->add = MPI_OP_NULL;
  MPI_Comm given = MPI_COMM_WORLD;
  if (mpi_comm)
    std::memcpy(&given, mpi_comm, sizeof(given));
  int size = 0, rank = 0;
  int code = MPI_Comm_dup(given, &comm->comm);
  if (code == MPI_SUCCESS)
    code = MPI_Comm_set_errhandler(comm->comm, MPI_ERRORS_RETURN);
  if (code == MPI_SUCCESS)
    code = MPI_Comm_size(comm->comm, &size);
  if (code == MPI_SUCCESS)
    code = MPI_Comm_rank(comm->comm, &rank);
  if (code == MPI_SUCCESS)
    code =
        MPI_Op_create(reduceRows<attn_comm_merge>, /*commute=*/1, &comm->merge);
  if (code == MPI_SUCCESS)
    code = MPI_Op_create(reduceRows<attn_comm_add>, /*commute=*/1, &comm->add);
  if (code != MPI_SUCCESS) {
    destroy(&comm->base);
    return failToCreate(ATTN_COMM_ERROR_ENGINE, "cannot make a communicator",
                        code);
  }
  comm->base.rank = rank;
  comm->base.size = size;
  comm->base.merge = merge;
  comm->base.barrier = barrier;
  comm->base.gather = gather;
  comm->base.broadcast = broadcast;
  comm->base.error_string = errorString;
  comm->base.destroy = destroy;
  *result = &comm->base;
  return ATTN_COMM_OK;
}

int32_t attn_comm_mpi_finalize(void) {
  int hasEnded = 0;
  MPI_Finalized(&hasEnded);
  if (!didInit || hasEnded)
    return ATTN_COMM_OK;
  if (rowKeyval != MPI_KEYVAL_INVALID)
    MPI_Type_free_keyval(&rowKeyval);
  int code = MPI_Finalize();
  return code == MPI_SUCCESS
             ? ATTN_COMM_OK
             : failToCreate(ATTN_COMM_ERROR_ENGINE, "MPI_Finalize", code);
}

const char *attn_comm_mpi_error(void) { return createError; }
