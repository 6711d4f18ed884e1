/* Objects that merge over ranks call through the table they are given. The one
 * here doubles what it gets, and notes how it was called. */

#include "comm.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 3, WIDTH = 8, PAD = 5, STEPS = 4 };

static int failures, calls, fail_at = -1;

static void expect(int holds, const char *what) {
  if (holds)
    return;
  printf("not as expected: %s\n", what);
  ++failures;
}

static int32_t merge(attn_comm *comm, void *o, void *lse, int64_t rows,
                     int64_t width, int32_t dtype, int32_t algo, int32_t root,
                     int32_t payload) {
  int last = calls == STEPS, updates = *(int *)comm->ctx, i;
  if (calls++ == fail_at)
    return ATTN_COMM_ERROR_ENGINE;
  expect(rows == 2 * ROWS && width == WIDTH && dtype == ATTN_F32, "sizes");
  if (updates)
    expect(algo == ATTN_COMM_TREE && root == -1 && payload == 0, "@update");
  else if (last)
    expect(algo == ATTN_COMM_TREE && root == 0 && payload == ATTN_BF16,
           "the last");
  else
    expect(algo == ATTN_COMM_ALLGATHER && root == -1 && payload == 0,
           "in the loop");
  for (i = 0; i < rows * width; ++i)
    ((float *)o)[i] *= 2;
  for (i = 0; i < rows; ++i)
    ((float *)lse)[i] += 1;
  return ATTN_COMM_OK;
}

/* `o` of [1, 2, ROWS, WIDTH] with PAD floats behind every row. */
static attn_tensor padded(float *data) {
  int64_t sizes[] = {1, 2, ROWS, WIDTH};
  attn_tensor tensor = attn_contiguous(data, ATTN_F32, 4, sizes);
  tensor.strides[2] = WIDTH + PAD;
  tensor.strides[1] = ROWS * (WIDTH + PAD);
  return tensor;
}

int main(void) {
  static float o[2 * ROWS * (WIDTH + PAD)], result[2 * ROWS * (WIDTH + PAD)];
  float lse[2 * ROWS], sums[2 * ROWS];
  int64_t lse_sizes[] = {1, 2, ROWS}, n = STEPS, count = 0;
  attn_comm comm, single;
  attn_tensor args[4], results[3], null_comm[4], no_comm[4], update[3];
  void *workspace;
  size_t bytes;
  int updates = 0, i, row, status, good;
  const char *why;

  attn_comm_init_single(&single);
  attn_comm_init_single(&comm);
  comm.ctx = &updates;
  comm.merge = merge;
  for (i = 0; i < 2 * ROWS * (WIDTH + PAD); ++i) {
    o[i] = (float)i;
    result[i] = -1;
  }
  for (i = 0; i < 2 * ROWS; ++i)
    lse[i] = (float)i;
  args[0] = padded(o);
  args[1] = attn_contiguous(lse, ATTN_F32, 3, lse_sizes);
  args[2] = attn_contiguous(&comm, ATTN_COMM, 0, NULL);
  args[3] = attn_contiguous(&n, ATTN_I64, 0, NULL);
  results[0] = padded(result);
  results[1] = attn_contiguous(sums, ATTN_F32, 3, lse_sizes);
  results[2] = attn_contiguous(&count, ATTN_I64, 0, NULL);
  status = steps_workspace_bytes(args, 4, NULL, &bytes);
  expect(status == ATTN_OK, attn_status_string(status));
  workspace = malloc(bytes + 1);

  /* STEPS + 1 merges, strided memory, nothing written between the rows. */
  status = steps(args, 4, results, 3, workspace, bytes, NULL);
  expect(status == ATTN_OK, attn_status_string(status));
  expect(calls == STEPS + 1, "the number of merges");
  for (row = 0; row < 2 * ROWS; ++row) {
    for (i = 0; i < WIDTH + PAD; ++i) {
      int at = row * (WIDTH + PAD) + i;
      expect(o[at] == (float)at, "arguments are kept");
      expect(result[at] == (i < WIDTH ? (float)at * 32 : -1), "a result");
    }
    expect(lse[row] == (float)row && sums[row] == (float)row + 5, "an lse");
  }
  expect(count == STEPS, "a scalar result");

  /* The same on arrays without gaps, by the wrapper; one rank changes nothing.
   */
  {
    float dense[2 * ROWS * WIDTH], merged[2 * ROWS * WIDTH];
    for (i = 0; i < 2 * ROWS * WIDTH; ++i)
      dense[i] = (float)i;
    status = steps_call_workspace_bytes(&single, n, ROWS, ROWS, NULL, &bytes);
    expect(status == ATTN_OK, attn_status_string(status));
    workspace = realloc(workspace, bytes + 1);
    status = steps_call(dense, lse, &single, n, merged, sums, &count, ROWS,
                        ROWS, workspace, bytes, NULL);
    expect(status == ATTN_OK, attn_status_string(status));
    good = 1;
    for (i = 0; i < 2 * ROWS * WIDTH; ++i)
      good &= merged[i] == dense[i];
    expect(good, "one rank");
  }

  /* A merge that fails is the last one. */
  steps_workspace_bytes(args, 4, NULL, &bytes);
  workspace = realloc(workspace, bytes + 1);
  for (fail_at = 0; fail_at <= STEPS; ++fail_at) {
    calls = 0;
    status = steps(args, 4, results, 3, workspace, bytes, NULL);
    expect(status == ATTN_ERROR_COMM, "a failure is reported");
    expect(calls == fail_at + 1, "nothing after a failure");
  }
  printf("%s\n", attn_status_string(status));
  fail_at = -1;

  /* A table of another version is not called. */
  calls = 0;
  comm.version = 99;
  status = steps(args, 4, results, 3, workspace, bytes, NULL);
  expect(status == ATTN_ERROR_COMM && calls == 0, "another version");
  comm.version = ATTN_COMM_VERSION;

  /* What is no communicator is refused before anything else. */
  for (i = 0; i < 4; ++i)
    null_comm[i] = no_comm[i] = args[i];
  null_comm[2].data = NULL;
  no_comm[2].dtype = ATTN_F32;
  status = steps(null_comm, 4, results, 3, workspace, bytes, NULL);
  expect(status == ATTN_ERROR_NULL, "NULL");
  why = steps_explain(null_comm, 4, results, 3);
  printf("%s\n", why ? why : "nothing");
  status = steps(no_comm, 4, results, 3, workspace, bytes, NULL);
  expect(status == ATTN_ERROR_DTYPE, "another type");
  why = steps_explain(no_comm, 4, results, 3);
  printf("%s\n", why ? why : "nothing");

  /* Sizes that do not agree are found without a call of other ranks. */
  calls = 0;
  args[1].sizes[2] = ROWS - 1;
  status = steps(args, 4, results, 3, workspace, bytes, NULL);
  expect(status == ATTN_ERROR_SHAPE && calls == 0, "sizes of lse");
  why = steps_explain(args, 4, results, 3);
  printf("%s\n", why ? why : "nothing");

  /* In place. */
  updates = 1;
  update[0] = args[0];
  update[1] = attn_contiguous(lse, ATTN_F32, 3, lse_sizes);
  update[2] = args[2];
  status = update_in_place_workspace_bytes(update, 3, NULL, &bytes);
  expect(status == ATTN_OK, attn_status_string(status));
  workspace = realloc(workspace, bytes + 1);
  calls = 0;
  status = update_in_place(update, 3, NULL, 0, workspace, bytes, NULL);
  expect(status == ATTN_OK && calls == 1, "an update");
  for (row = 0; row < 2 * ROWS; ++row) {
    for (i = 0; i < WIDTH + PAD; ++i) {
      int at = row * (WIDTH + PAD) + i;
      expect(o[at] == (float)(i < WIDTH ? 2 * at : at), "updated elements");
    }
    expect(lse[row] == (float)row + 1, "updated lse");
  }
  free(workspace);
  printf("%s\n", failures ? "failed" : "all as expected");
  return failures != 0;
}
