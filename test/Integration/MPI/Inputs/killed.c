/* The last rank dies in the middle of a run; the others wait for it in a
 * merge. */

#include "attn/Runtime/CommMpi.h"

#include <signal.h>
#include <stdio.h>

int main(void) {
  attn_comm *comm;
  float o[4] = {1, 2, 3, 4}, lse[1] = {0};
  int step, status = 0;
  if (attn_comm_mpi_create(NULL, &comm))
    return 1;
  for (step = 0; step < 5; ++step) {
    if (step == 3 && comm->rank == comm->size - 1)
      raise(SIGKILL);
    status |= comm->merge(comm, o, lse, 1, 4, 1, ATTN_COMM_TREE, -1, 0);
  }
  /* Not reached: a rank is missing. */
  printf("went on without a rank\n");
  comm->destroy(comm);
  return status | attn_comm_mpi_finalize();
}
