/*===- include/attn/Runtime/CommMpi.h - Communicators over MPI ------------===*\
 *
 * Part of attn-mlir.
 *
 * The interface of libattn_comm_mpi.so: the one file that knows an MPI library.
 * Link it, or load it when the program runs. Plain C99.
 *
\*===----------------------------------------------------------------------===*/

#ifndef ATTN_COMM_MPI_H
#define ATTN_COMM_MPI_H

#include "attn/Runtime/Comm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Makes a communicator of the ranks of `*mpi_comm`, an MPI_Comm, or of
 * MPI_COMM_WORLD if NULL. Its messages are apart from those of the program, and
 * errors of MPI come back as ATTN_COMM_ERROR_ENGINE. Initialises MPI
 * (MPI_THREAD_FUNNELED) unless the program has. Collective. Returns an
 * attn_comm_status; on failure `*comm` is NULL and attn_comm_mpi_error says
 * why. */
int32_t attn_comm_mpi_create(const void *mpi_comm, attn_comm **comm);

/* Ends MPI if attn_comm_mpi_create began it and it has not ended; destroy all
 * communicators first. Collective. */
int32_t attn_comm_mpi_finalize(void);

/* What went wrong in the last call above that failed, in this thread. */
const char *attn_comm_mpi_error(void);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* ATTN_COMM_MPI_H */
