/* A decode loop as a runtime would write it: prepare the state of filled
 * caches, then steps that append and attend. With as many keys as there may be
 * (WIDE), SparQ is dense attention, which plain loops in f64 compute; with few,
 * equal values come out whatever is chosen, if the mean that gets the other
 * keys' weight is kept. In the end the caches are full. */

#include "step.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  BATCH = 2,
  HEADS = 4,
  KV_HEADS = 2,
  DIM = 64,
  CAPACITY = 1060,
  FILLED = 1020,
  TILE = 1024,
  TILES = 2,
  GUARD = 64
};
enum { ROWS = BATCH * KV_HEADS };

static int failures = 0;

static void expect(int holds, const char *what) {
  if (holds)
    return;
  printf("failed: %s\n", what);
  ++failures;
}

/* Numbers in [-1, 1) that any machine has the same. */
static void fill(float *data, int64_t count, uint32_t *seed) {
  int64_t i;
  for (i = 0; i < count; ++i) {
    *seed = *seed * 1664525u + 1013904223u;
    data[i] = (float)(*seed >> 8) / 8388608.0f - 1.0f;
  }
}

/* An array between floats that nothing may touch. */
static float *allocate(int64_t count) {
  int64_t i;
  float *memory = (float *)malloc(sizeof(float) * (size_t)(count + 2 * GUARD));
  if (!memory)
    exit(3);
  for (i = 0; i < count + 2 * GUARD; ++i)
    memory[i] = 12345.0f;
  return memory + GUARD;
}

static int is_guarded(const float *data, int64_t count) {
  int64_t i;
  for (i = 1; i <= GUARD; ++i)
    if (data[-i] != 12345.0f || data[count + i - 1] != 12345.0f)
      return 0;
  return 1;
}

#ifdef WIDE
/* The largest difference of `out` from attention to all of `length` keys. */
static double check_dense(const float *q, const float *k, const float *v,
                          const float *out, const int64_t *length) {
  double worst = 0;
  int64_t b, h, j, d;
  for (b = 0; b < BATCH; ++b)
    for (h = 0; h < HEADS; ++h) {
      const int64_t row = b * HEADS + h;
      const int64_t kv = b * KV_HEADS + h / (HEADS / KV_HEADS);
      double score[CAPACITY], most = -INFINITY, sum = 0;
      for (j = 0; j < length[b]; ++j) {
        score[j] = 0;
        for (d = 0; d < DIM; ++d)
          score[j] +=
              (double)q[row * DIM + d] * k[(kv * CAPACITY + j) * DIM + d];
        score[j] /= sqrt((double)DIM);
        most = score[j] > most ? score[j] : most;
      }
      for (j = 0; j < length[b]; ++j)
        sum += exp(score[j] - most);
      for (d = 0; d < DIM; ++d) {
        double value = 0;
        for (j = 0; j < length[b]; ++j)
          value +=
              exp(score[j] - most) / sum * v[(kv * CAPACITY + j) * DIM + d];
        worst = fmax(worst, fabs(value - out[row * DIM + d]));
      }
    }
  return worst;
}
#endif

int main(void) {
  const int64_t count_q = BATCH * HEADS * DIM, count_new = ROWS * DIM;
  const int64_t count_kv = (int64_t)ROWS * CAPACITY * DIM;
  const int64_t count_t = (int64_t)ROWS * TILES * DIM * TILE;
  float *q = allocate(count_q), *out = allocate(count_q);
  float *nk = allocate(count_new), *nv = allocate(count_new);
  float *k = allocate(count_kv), *v = allocate(count_kv);
  float *k_t = allocate(count_t), *mean = allocate(count_new);
  /* The second entry is 8 tokens behind the first. */
  int64_t pos[BATCH] = {FILLED, FILLED - 8}, length[BATCH], row, j, d, step;
  uint32_t seed = 1;
  size_t bytes = 0, more = 0;
  void *workspace;
  double worst = 0, difference;
  int32_t status;

  fill(k, count_kv, &seed);
  fill(v, count_kv, &seed);
#ifndef WIDE
  for (j = 0; j < count_kv; ++j)
    v[j] = (float)(j % DIM) / 8 - 3;
#endif
  expect(step_call_workspace_bytes(CAPACITY, TILES, NULL, &bytes) == ATTN_OK,
         "bytes of step");
  expect(step_prepare_call_workspace_bytes(CAPACITY, CAPACITY, TILES, NULL,
                                           &more) == ATTN_OK,
         "bytes of prepare");
  bytes = more > bytes ? more : bytes;
  workspace = malloc(bytes ? bytes : 1);
  if (!workspace)
    return 3;

  /* A second layout that does not hold the caches. */
  expect(step_prepare_call(k, v, pos, k_t, mean, CAPACITY, CAPACITY, TILES - 1,
                           workspace, bytes, NULL) == ATTN_ERROR_SHAPE,
         "one tile too few");
  expect(step_prepare_call(k, v, pos, k_t, mean, CAPACITY, CAPACITY, TILES,
                           workspace, bytes, NULL) == ATTN_OK,
         "prepare");

  for (step = 0; pos[0] < CAPACITY; ++step) {
    fill(q, count_q, &seed);
    fill(nk, count_new, &seed);
    fill(nv, count_new, &seed);
#ifndef WIDE
    for (j = 0; j < count_new; ++j)
      nv[j] = (float)(j % DIM) / 8 - 3;
#endif
    length[0] = pos[0] + 1;
    length[1] = pos[1] + 1;
    status = step_call(q, nk, nv, pos, length, k, v, k_t, mean, out, CAPACITY,
                       TILES, workspace, bytes, NULL);
    expect(status == ATTN_OK, attn_status_string(status));
    for (row = 0; row < ROWS; ++row)
      for (d = 0; d < DIM; ++d) {
        const int64_t at = pos[row / KV_HEADS];
        const float key = nk[row * DIM + d];
        expect(k[(row * CAPACITY + at) * DIM + d] == key &&
                   v[(row * CAPACITY + at) * DIM + d] == nv[row * DIM + d],
               "a row is appended");
        expect(k_t[((row * TILES + at / TILE) * DIM + d) * TILE + at % TILE] ==
                   key,
               "a column is appended");
      }
#ifdef WIDE
    difference = check_dense(q, k, v, out, length);
#else
    difference = 0;
    for (j = 0; j < count_q; ++j)
      difference = fmax(difference, fabs(out[j] - ((double)(j % DIM) / 8 - 3)));
#endif
    worst = fmax(worst, difference);
    ++pos[0];
    ++pos[1];
  }
  printf("%d steps, worst error %s\n", (int)step,
         worst < 1e-5 ? "small" : "large");

  /* What is kept is what prepare would make of the caches as they are. */
  {
    float *again_t = allocate(count_t), *again = allocate(count_new);
    int32_t i;
    expect(step_prepare_call(k, v, pos, again_t, again, CAPACITY, CAPACITY,
                             TILES, workspace, bytes, NULL) == ATTN_OK,
           "prepare again");
    for (i = 0, difference = 0; i < count_new; ++i)
      difference = fmax(difference, fabs(again[i] - mean[i]));
    expect(difference < 1e-5, "the mean is kept");
    expect(!memcmp(again_t, k_t, sizeof(float) * (size_t)count_t),
           "the second layout is kept");
    free(again_t - GUARD);
    free(again - GUARD);
  }

  /* The first entry is full, the second is not: nothing is written for either.
   */
  {
    float *old_k = allocate(count_kv), *old_v = allocate(count_kv);
    float *old_t = allocate(count_t);
    float old_mean[ROWS * DIM];
    attn_tensor args[9];
    const char *why;
    memcpy(old_k, k, sizeof(float) * (size_t)count_kv);
    memcpy(old_v, v, sizeof(float) * (size_t)count_kv);
    memcpy(old_t, k_t, sizeof(float) * (size_t)count_t);
    memcpy(old_mean, mean, sizeof(old_mean));
    memset(out, 0x5a, sizeof(float) * (size_t)count_q);
    length[0] = CAPACITY;
    length[1] = pos[1] + 1;
    status = step_call(q, nk, nv, pos, length, k, v, k_t, mean, out, CAPACITY,
                       TILES, workspace, bytes, NULL);
    printf("full: %s\n", attn_status_string(status));
    expect(status == ATTN_ERROR_CAPACITY, "a full cache is a status");
    pos[0] = -1;
    status = step_call(q, nk, nv, pos, length, k, v, k_t, mean, out, CAPACITY,
                       TILES, workspace, bytes, NULL);
    printf("before the first: %s\n", attn_status_string(status));
    pos[0] = CAPACITY;
    expect(!memcmp(old_k, k, sizeof(float) * (size_t)count_kv) &&
               !memcmp(old_v, v, sizeof(float) * (size_t)count_kv) &&
               !memcmp(old_t, k_t, sizeof(float) * (size_t)count_t) &&
               !memcmp(old_mean, mean, sizeof(old_mean)),
           "no cache and no state is written");
    for (j = 0; j < count_q * (int64_t)sizeof(float); ++j)
      expect(((const unsigned char *)out)[j] == 0x5a, "no result is written");
    {
      const int64_t sizes_q[4] = {BATCH, HEADS, 1, DIM};
      const int64_t sizes_new[4] = {BATCH, KV_HEADS, 1, DIM};
      const int64_t sizes_kv[4] = {BATCH, KV_HEADS, CAPACITY, DIM};
      const int64_t sizes_t[5] = {BATCH, KV_HEADS, TILES, DIM, TILE};
      const int64_t sizes_mean[3] = {BATCH, KV_HEADS, DIM};
      const int64_t sizes_pos[1] = {BATCH};
      args[0] = attn_contiguous(q, ATTN_F32, 4, sizes_q);
      args[1] = attn_contiguous(nk, ATTN_F32, 4, sizes_new);
      args[2] = attn_contiguous(nv, ATTN_F32, 4, sizes_new);
      args[3] = attn_contiguous(pos, ATTN_I64, 1, sizes_pos);
      args[4] = attn_contiguous(length, ATTN_I64, 1, sizes_pos);
      args[5] = attn_contiguous(k, ATTN_F32, 4, sizes_kv);
      args[6] = attn_contiguous(v, ATTN_F32, 4, sizes_kv);
      args[7] = attn_contiguous(k_t, ATTN_F32, 5, sizes_t);
      args[8] = attn_contiguous(mean, ATTN_F32, 3, sizes_mean);
      why = step_explain(args, 9, NULL, 0);
      printf("explained: %s\n", why ? why : "nothing wrong");
      pos[0] = 0;
      why = step_explain(args, 9, NULL, 0);
      expect(!why, why ? why : "");
    }
    expect(is_guarded(old_t, count_t), "own guards");
    free(old_k - GUARD);
    free(old_v - GUARD);
    free(old_t - GUARD);
  }
  expect(is_guarded(q, count_q) && is_guarded(out, count_q) &&
             is_guarded(nk, count_new) && is_guarded(nv, count_new) &&
             is_guarded(k, count_kv) && is_guarded(v, count_kv) &&
             is_guarded(k_t, count_t) && is_guarded(mean, count_new),
         "what lies beside arrays is not touched");
  free(q - GUARD);
  free(out - GUARD);
  free(nk - GUARD);
  free(nv - GUARD);
  free(k - GUARD);
  free(v - GUARD);
  free(k_t - GUARD);
  free(mean - GUARD);
  free(workspace);
  printf(failures ? "%d failures\n" : "all as expected\n", failures);
  return failures != 0;
}
