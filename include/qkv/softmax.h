/* SPDX-License-Identifier: Apache-2.0 */
/* Row-wise softmax: output[r, c] = exp(scale input[r, c] + bias[r, c] - max) / sum, over the visible columns.
 * A column is visible if the mask lets it be and its bias is not -inf; invisible columns become 0 and are never read
 * into a result. A row without a visible column is zeros. */
#ifndef QKV_SOFTMAX_H
#define QKV_SOFTMAX_H

#include "qkv/pool.h"
#include "qkv/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qkv_softmax_args {
  size_t size;          /* sizeof(qkv_softmax_args) */
  qkv_tensor input;     /* f32 [rows, columns] */
  qkv_tensor output;    /* f32 [rows, columns]; may be the same view as input */
  qkv_tensor bias;      /* optional f32 [rows, columns] */
  qkv_tensor mask;      /* optional bool [rows, columns]: not 0 = visible */
  int32_t scale_is_set; /* 0: scale is 1, and the next field must be 0 */
  float scale;          /* any finite value */
} qkv_softmax_args;

QKV_API qkv_status qkv_softmax_plan(const qkv_softmax_args* args, qkv_plan* plan);
QKV_API qkv_status qkv_softmax_run(const qkv_plan* plan, const qkv_softmax_args* args, int64_t first_task,
                                   int64_t last_task, int32_t worker, void* workspace);
QKV_API qkv_status qkv_softmax(const qkv_softmax_args* args, const qkv_pool* pool, void* workspace,
                               size_t workspace_bytes);

#ifdef __cplusplus
}
#endif
#endif
