/* Walks a decode loop with a cache that grows, by SparQ attention and, to
 * compare, by all keys. Needs decode.o and decode.h, which attn-compile makes
 * of decode.mlir, and libm for its random numbers.
 *
 *     decode [PROMPT [TOKENS]] */

#include "decode.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* As in decode.mlir. */
enum { HEADS = 4, DIM = 128, TILE = 1024, RANK = 32, TOP_K = 128 };

/* A number of a normal distribution, of any machine the same. */
static float normal(uint64_t *state) {
  double uniform[2];
  int i;
  for (i = 0; i < 2; ++i) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    uniform[i] = ((double)(*state >> 40) + 0.5) / 16777216.0;
  }
  return (float)(sqrt(-2 * log(uniform[0])) *
                 cos(6.283185307179586 * uniform[1]));
}

/* Rows [HEADS][tokens][DIM]. As in models, some channels of a query are much
 * larger than the others, and few keys get most of its attention. */
static void fill(float *rows, int64_t tokens, int is_query, uint64_t *state) {
  int64_t i;
  for (i = 0; i < HEADS * tokens * DIM; ++i) {
    float scale = is_query ? 40.0f / (float)(1 + i * 37 % DIM / 2) : 1.0f;
    rows[i] = scale * normal(state);
  }
}

static void *allocate(size_t bytes) {
  void *memory = calloc(bytes ? bytes : 1, 1);
  if (!memory) {
    puts("out of memory");
    exit(1);
  }
  return memory;
}

static void check(int32_t status, const char *what) {
  if (status == ATTN_OK)
    return;
  printf("%s: %s\n", what, attn_status_string(status));
  exit(1);
}

static double now_ms(void) { return 1e3 * (double)clock() / CLOCKS_PER_SEC; }

/* ||a - b|| / ||b|| */
static double distance(const float *a, const float *b, int64_t count) {
  double difference = 0, size = 0;
  int64_t i;
  for (i = 0; i < count; ++i) {
    difference += (double)(a[i] - b[i]) * (a[i] - b[i]);
    size += (double)b[i] * b[i];
  }
  return sqrt(difference / size);
}

int main(int argc, char **argv) {
  const int64_t prompt = argc > 1 ? atoll(argv[1]) : 16384;
  const int64_t tokens = argc > 2 ? atoll(argv[2]) : 8;
  const int64_t tiles = (prompt + tokens + TILE - 1) / TILE;
  const int64_t capacity = tiles * TILE;
  const int64_t row = HEADS * DIM;
  const size_t cache_bytes = sizeof(float) * (size_t)(row * capacity);
  uint64_t state = 1;
  float *key, *value, *key_t, *value_mean, *new_key, *new_value;
  float query[HEADS * DIM], sparse[HEADS * DIM], exact[HEADS * DIM];
  size_t bytes = 0, most = 0;
  void *workspace;
  int64_t step, length;
  if (prompt < 0 || tokens < 0) {
    puts("expects numbers of tokens");
    return 1;
  }

  /* The cache, and a workspace that is large enough for all calls. */
  key = (float *)allocate(cache_bytes);
  value = (float *)allocate(cache_bytes);
  key_t = (float *)allocate(cache_bytes);
  value_mean = (float *)allocate(sizeof(float) * row);
  new_key = (float *)allocate(sizeof(float) * (size_t)(row * (prompt + 1)));
  new_value = (float *)allocate(sizeof(float) * (size_t)(row * (prompt + 1)));
  check(append_call_workspace_bytes(0, prompt + 1, capacity, tiles, NULL,
                                    &bytes),
        "append");
  most = bytes;
  check(sparq_call_workspace_bytes(capacity, tiles, NULL, &bytes), "sparq");
  most = bytes > most ? bytes : most;
  check(dense_call_workspace_bytes(capacity, NULL, &bytes), "dense");
  most = bytes > most ? bytes : most;
  workspace = allocate(most);

  /* The prompt, all at once: its own attention is not shown here. */
  fill(new_key, prompt, 0, &state);
  fill(new_value, prompt, 0, &state);
  check(append_call(new_key, new_value, 0, key, value, key_t, value_mean,
                    prompt, capacity, tiles, workspace, most, NULL),
        "append");

  puts("step    keys  distance  read MiB   dense MiB  append ms  sparq ms  "
       "dense ms");
  for (step = 0; step < tokens; ++step) {
    double begin, append_ms, sparq_ms, dense_ms, read, all;
    int again;
    fill(query, 1, 1, &state);
    fill(new_key, 1, 0, &state);
    fill(new_value, 1, 0, &state);
    length = prompt + step + 1;
    begin = now_ms();
    check(append_call(new_key, new_value, prompt + step, key, value, key_t,
                      value_mean, 1, capacity, tiles, workspace, most, NULL),
          "append");
    append_ms = now_ms() - begin;
    /* The shortest of a few times: nothing changes from one to the next. */
    sparq_ms = dense_ms = 1e9;
    for (again = 0; again < 5; ++again) {
      begin = now_ms();
      check(sparq_call(query, key, value, key_t, value_mean, &length, sparse,
                       capacity, tiles, workspace, most, NULL),
            "sparq");
      sparq_ms = fmin(sparq_ms, now_ms() - begin);
      begin = now_ms();
      check(dense_call(query, key, value, &length, exact, capacity, workspace,
                       most, NULL),
            "dense");
      dense_ms = fmin(dense_ms, now_ms() - begin);
    }
    /* Of a head: `RANK` components of all keys, and `TOP_K` rows of key and
     * value; a row each of key, key_t and value is written, the mean read and
     * written. */
    read = (double)(length * RANK +
                    2 * (length < TOP_K ? length : (int64_t)TOP_K) * DIM +
                    5 * DIM);
    all = (double)(2 * length * DIM + 2 * DIM);
    printf("%4d %7d  %8.1e  %8.2f    %8.2f   %8.3f  %8.3f  %8.3f\n", (int)step,
           (int)length, distance(sparse, exact, row),
           HEADS * sizeof(float) * read / 1048576,
           HEADS * sizeof(float) * all / 1048576, append_ms, sparq_ms,
           dense_ms);
  }

  /* One token more than the cache can hold: a status, and nothing is written.
   */
  printf("a full cache: %s\n",
         attn_status_string(append_call(
             new_key, new_value, capacity, key, value, key_t, value_mean, 1,
             capacity, tiles, workspace, most, NULL)));
  free(key);
  free(value);
  free(key_t);
  free(value_mean);
  free(new_key);
  free(new_value);
  free(workspace);
  return 0;
}
