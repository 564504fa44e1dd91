/* SPDX-License-Identifier: Apache-2.0 */
/* The interface from C11: two keys, one query, by hand. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "qkv/qkv.h"

static int fail(const char* what) {
  fprintf(stderr, "%s: %s\n", what, qkv_error_message());
  return EXIT_FAILURE;
}

int main(void) {
  const float query[] = {1, 0}, key[] = {1, 0, 0, 1}, value[] = {1, 2, 3, 4};
  float output[2] = {0};
  const int64_t one_row[] = {1, 1, 1, 2}, two_rows[] = {1, 1, 2, 2};
  qkv_attention_args args = {.size = sizeof args};
  args.query = qkv_tensor_f32(query, 4, one_row);
  args.key = qkv_tensor_f32(key, 4, two_rows);
  args.value = qkv_tensor_f32(value, 4, two_rows);
  args.output = qkv_tensor_f32(output, 4, one_row);
  qkv_plan plan;
  if (qkv_attention_plan(&args, &plan) != QKV_OK) return fail("plan");
  const size_t bytes = qkv_plan_describe(&plan, 1).workspace_bytes;
  void* workspace = malloc(bytes + 1);
  if (qkv_attention(&args, NULL, workspace, bytes) != QKV_OK) return fail("attention");
  free(workspace);
  const float weight = 1 / (1 + expf(-1 / sqrtf(2)));
  const float expected[] = {weight + 3 * (1 - weight), 2 * weight + 4 * (1 - weight)};
  for (int i = 0; i < 2; i++) {
    if (fabsf(output[i] - expected[i]) > 1e-6f) return fail("result");
  }
  printf("qkv %s on %s\n", qkv_version(), qkv_isa_active());
  return EXIT_SUCCESS;
}
