/*===- lib/Runtime/SharedObject.c - Linked into every .so -----------------===*\
 *
 * Part of attn-mlir.
 *
 * Threads for shared objects, on whatever OpenMP runtime is in the process.
 *
\*===----------------------------------------------------------------------===*/

#include "attn/Runtime/SharedObject.h"

/* The entry that libgomp has and libomp has too, so that this file fits the
 * linker of any compiler. Weak: without one, loops run serially. */
__attribute__((weak)) void GOMP_parallel(void (*body)(void *), void *data,
                                         unsigned num_threads, unsigned flags);
__attribute__((weak)) int omp_get_max_threads(void);

/* One loop, shared by its threads. */
typedef struct {
  attn_loop_body body;
  void *args;
  int64_t n;
  int64_t next;
  int64_t num_started;
} loop;

static void run_share(void *data) {
  loop *shared = (loop *)data;
  /* Not omp_get_thread_num: in a process with two OpenMP runtimes it may be
   * the other one's. */
  int64_t thread =
      __atomic_fetch_add(&shared->num_started, 1, __ATOMIC_RELAXED);
  /* One iteration at a time: causal panels differ in length by a factor of the
   * sequence. */
  for (;;) {
    int64_t index = __atomic_fetch_add(&shared->next, 1, __ATOMIC_RELAXED);
    if (index >= shared->n)
      return;
    shared->body(shared->args, index, thread);
  }
}

static void parallel_for(void *ctx, int64_t n, attn_loop_body body,
                         void *args) {
  int64_t threads = (int64_t)(intptr_t)ctx;
  loop shared;
  if (threads > n)
    threads = n;
  if (threads <= 1) {
    int64_t index;
    for (index = 0; index < n; ++index)
      body(args, index, 0);
    return;
  }
  shared.body = body;
  shared.args = args;
  shared.n = n;
  shared.next = 0;
  shared.num_started = 0;
  GOMP_parallel(run_share, &shared, (unsigned)threads, 0);
}

void attn_openmp_exec(attn_exec *exec, int32_t num_threads) {
  if (!GOMP_parallel || !omp_get_max_threads)
    num_threads = 1;
  else if (num_threads <= 0)
    num_threads = omp_get_max_threads();
  if (num_threads < 1)
    num_threads = 1;
  exec->ctx = (void *)(intptr_t)num_threads;
  exec->parallel_for = parallel_for;
  exec->num_threads = num_threads;
  exec->stream = NULL;
}
