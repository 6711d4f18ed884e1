/* A program that has its own MPI and gives us half of its ranks, with their
 * order turned round. */

#include "attn/Runtime/CommMpi.h"

#include <math.h>
#include <mpi.h>
#include <stdio.h>

int main(int argc, char **argv) {
  int rank, size, wrong = 0, code;
  float o[2], lse[1];
  attn_comm *comm;
  MPI_Comm half;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, -rank, &half);
  if (attn_comm_mpi_create(&half, &comm)) {
    printf("%s\n", attn_comm_mpi_error());
    return 1;
  }
  wrong += comm->size != size / 2 || comm->rank != (size - 1 - rank) / 2;
  /* Equal weights: the mean of the half's ranks. */
  o[0] = (float)rank;
  o[1] = 1;
  lse[0] = 0;
  wrong += comm->merge(comm, o, lse, 1, 2, 1, ATTN_COMM_TREE, -1, 0);
  wrong += fabs(o[0] - (rank % 2 + (size / 2 - 1))) > 1e-6;
  wrong += fabs(o[1] - 1) > 1e-6 || fabs(lse[0] - log(size / 2)) > 1e-6;
  comm->destroy(comm);
  wrong += attn_comm_mpi_finalize();
  /* MPI is the program's: it has not ended. */
  code =
      MPI_Allreduce(MPI_IN_PLACE, &wrong, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  MPI_Comm_free(&half);
  MPI_Finalize();
  if (rank == 0)
    printf("%s\n", wrong || code ? "failed" : "ok");
  /* Too late now. */
  if (attn_comm_mpi_create(NULL, &comm) != ATTN_COMM_ERROR_MISSING ||
      comm != NULL)
    return 1;
  if (rank == 0)
    printf("%s\n", attn_comm_mpi_error());
  return wrong != 0;
}
