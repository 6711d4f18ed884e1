/* A shared object with the functions of a compiled one, whose kernel ends the
 * process (-DWHAT=abort()) or does not return (-DWHAT='for(;;);'). */

#include "attn/Runtime/Abi.h"

#include <stdlib.h>

const char *attn_status_string(int32_t status) { return "ok"; }
const char *attn_gpu_error(void) { return "no such GPU"; }
const char *attn_manifest(void) { return "{}"; }
void attn_openmp_exec(attn_exec *exec, int32_t threads) {}
const char *attention_explain(const attn_tensor *args, int32_t n_args,
                              const attn_tensor *results, int32_t n_results) {
  return NULL;
}
int32_t attention_result_shapes(const attn_tensor *args, int32_t n_args,
                                attn_tensor *results, int32_t n_results) {
  results[0] = args[0];
  return ATTN_OK;
}
int32_t attention_workspace_bytes(const attn_tensor *args, int32_t n_args,
                                  const attn_exec *exec, size_t *bytes) {
  *bytes = 0;
  return ATTN_OK;
}
int32_t attention(const attn_tensor *args, int32_t n_args, attn_tensor *results,
                  int32_t n_results, void *workspace, size_t workspace_bytes,
                  const attn_exec *exec) {
  WHAT;
  return ATTN_OK;
}
