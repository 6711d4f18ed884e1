/*===- bench/probes.c - Limits of the machine, and threads ----------------===*\
 *
 * Part of attn-mlir.
 *
 * What the benchmark measures beside kernels: multiply-adds on registers, bf16
 * dot products on registers, reads of the very buffers a kernel reads. With the
 * threads these need.
 *
\*===----------------------------------------------------------------------===*/

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif

/*===----------------------------------------------------------------------===*
 * Threads: workers sleep between calls, so that they cost other contenders
 * nothing.
 *===----------------------------------------------------------------------===*/

typedef void (*loop_body)(void *args, int64_t index, int64_t thread);

typedef struct pool {
  pthread_mutex_t lock;
  pthread_cond_t start, done;
  int32_t threads; /* the caller included */
  int64_t generation, running;
  int64_t n;
  _Atomic int64_t next;
  loop_body body;
  void *args;
} pool;

typedef struct worker {
  pool *owner;
  int64_t thread;
} worker;

static void take_indices(pool *p, int64_t thread) {
  for (;;) {
    int64_t i = atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed);
    if (i >= p->n)
      return;
    p->body(p->args, i, thread);
  }
}

static void *work(void *opaque) {
  worker *w = opaque;
  pool *p = w->owner;
  int64_t seen = 0;
  for (;;) {
    pthread_mutex_lock(&p->lock);
    while (p->generation == seen)
      pthread_cond_wait(&p->start, &p->lock);
    seen = p->generation;
    pthread_mutex_unlock(&p->lock);
    take_indices(p, w->thread);
    pthread_mutex_lock(&p->lock);
    if (--p->running == 0)
      pthread_cond_signal(&p->done);
    pthread_mutex_unlock(&p->lock);
  }
  return NULL;
}

/* A pool of `threads` threads that lives as long as the process; NULL when
 * the system gives none. */
pool *bench_pool_create(int32_t threads) {
  pool *p = calloc(1, sizeof(pool));
  if (!p)
    return NULL;
  pthread_mutex_init(&p->lock, NULL);
  pthread_cond_init(&p->start, NULL);
  pthread_cond_init(&p->done, NULL);
  p->threads = threads;
  for (int64_t i = 1; i < threads; ++i) {
    worker *w = malloc(sizeof(worker));
    pthread_t id;
    if (!w)
      return NULL;
    w->owner = p;
    w->thread = i;
    if (pthread_create(&id, NULL, work, w))
      return NULL;
    pthread_detach(id);
  }
  return p;
}

/* Runs body(args, i, thread) for every i in [0, n). */
static void parallel_for(pool *p, int64_t n, loop_body body, void *args) {
  if (p->threads == 1 || n <= 1) {
    for (int64_t i = 0; i < n; ++i)
      body(args, i, 0);
    return;
  }
  pthread_mutex_lock(&p->lock);
  p->n = n;
  p->body = body;
  p->args = args;
  atomic_store(&p->next, 0);
  p->running = p->threads - 1;
  ++p->generation;
  pthread_cond_broadcast(&p->start);
  pthread_mutex_unlock(&p->lock);
  take_indices(p, 0);
  pthread_mutex_lock(&p->lock);
  while (p->running)
    pthread_cond_wait(&p->done, &p->lock);
  pthread_mutex_unlock(&p->lock);
}

/*===----------------------------------------------------------------------===*
 * Limits
 *===----------------------------------------------------------------------===*/

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif
typedef float vec __attribute__((vector_size(VECTOR_BYTES)));
#define LANES (VECTOR_BYTES / 4)

/* Independent chains: latency times units, and what the registers hold. */
#if defined(__AVX512F__) || defined(__aarch64__)
#define CHAINS 24
#define EACH(X)                                                                \
  X(0)                                                                         \
  X(1)                                                                         \
  X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)  \
      X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23)
#else
#define CHAINS 12
#define EACH(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)
#endif

static volatile float sink;

static clockid_t clock_id = CLOCK_MONOTONIC;

/* Whether probes are timed by CPU time of the process instead of wall time. */
void bench_use_cpu_clock(int32_t cpu) {
  clock_id = cpu ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
}

static double now(void) {
  struct timespec t;
  clock_gettime(clock_id, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float sum(vec v) {
  float s = 0;
  for (int i = 0; i < LANES; ++i)
    s += v[i];
  return s;
}

typedef struct span {
  const char *data;
  int64_t bytes;
} span;

typedef struct probe_work {
  int64_t iterations;
  const span *spans;
} probe_work;

static void fma_body(void *args, int64_t index, int64_t thread) {
  const probe_work *w = args;
  (void)index;
  (void)thread;
  /* Converges to 0.2: every value stays a normal number. */
  vec x = (vec){} + 0.5f, y = (vec){} + 0.1f;
#define DECLARE(i) vec a##i = y;
  EACH(DECLARE)
  for (int64_t k = 0; k < w->iterations; ++k) {
#define STEP(i) a##i = a##i * x + y;
    EACH(STEP)
  }
  vec total = (vec){};
#define ADD(i) total += a##i;
  EACH(ADD)
  sink = sum(total);
}

/* f32 multiply-adds a second, in GFLOP/s, all threads of the pool together. */
double bench_fma(pool *p, int64_t iterations) {
  probe_work w = {iterations, NULL};
  double start = now();
  parallel_for(p, p->threads, fma_body, &w);
  return 2e-9 * LANES * CHAINS * (double)(iterations * p->threads) /
         (now() - start);
}

#if defined(__AVX512BF16__)
static void dot_body(void *args, int64_t index, int64_t thread) {
  const probe_work *w = args;
  (void)index;
  (void)thread;
  __m512bh x = (__m512bh)_mm512_set1_epi16(0x3f80);
  __m512bh y = (__m512bh)_mm512_set1_epi16(0x3080);
#define DECLARE_DOT(i) __m512 a##i = _mm512_set1_ps(1.0f);
  EACH(DECLARE_DOT)
  for (int64_t k = 0; k < w->iterations; ++k) {
#define STEP_DOT(i) a##i = _mm512_dpbf16_ps(a##i, x, y);
    EACH(STEP_DOT)
  }
  vec total = (vec){};
#define ADD_DOT(i) total += (vec)a##i;
  EACH(ADD_DOT)
  sink = sum(total);
}
#endif

/* bf16 dot products, in GFLOP/s; 0 where the processor has none. */
double bench_bf16_dot(pool *p, int64_t iterations) {
#if defined(__AVX512BF16__)
  probe_work w = {iterations, NULL};
  double start = now();
  parallel_for(p, p->threads, dot_body, &w);
  return 4e-9 * 16 * CHAINS * (double)(iterations * p->threads) /
         (now() - start);
#else
  (void)p;
  (void)iterations;
  return 0;
#endif
}

static void read_body(void *args, int64_t index, int64_t thread) {
  const span *s = ((const probe_work *)args)->spans + index;
  (void)thread;
  vec a0 = {}, a1 = {}, a2 = {}, a3 = {}, a4 = {}, a5 = {}, a6 = {}, a7 = {};
  const vec *v = (const vec *)s->data;
  const vec *end = v + s->bytes / VECTOR_BYTES / 8 * 8;
  for (; v != end; v += 8) {
    a0 += v[0];
    a1 += v[1];
    a2 += v[2];
    a3 += v[3];
    a4 += v[4];
    a5 += v[5];
    a6 += v[6];
    a7 += v[7];
  }
  sink = sum(((a0 + a1) + (a2 + a3)) + ((a4 + a5) + (a6 + a7)));
}

/* Reads every line of `n` spans once; seconds. */
double bench_read(pool *p, const span *spans, int64_t n) {
  probe_work w = {0, spans};
  double start = now();
  parallel_for(p, n, read_body, &w);
  return now() - start;
}
