/* SPDX-License-Identifier: Apache-2.0 */
/* Row-wise normalisation of x = input + residual:
 *
 *   LayerNorm (Ba et al. 2016):        output = (x - mean) / sqrt(mean((x - mean)^2) + epsilon) * weight + bias
 *   RMSNorm (Zhang and Sennrich 2019): output = x / sqrt(mean(x^2) + epsilon) * weight + bias
 */
#ifndef QKV_NORM_H
#define QKV_NORM_H

#include "qkv/pool.h"
#include "qkv/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum qkv_norm_kind { QKV_LAYER_NORM = 0, QKV_RMS_NORM = 1 } qkv_norm_kind;

typedef struct qkv_norm_args {
  size_t size;         /* sizeof(qkv_norm_args) */
  int32_t kind;        /* qkv_norm_kind */
  float epsilon;       /* finite, >= 0 */
  qkv_tensor input;    /* f32 [rows, columns], columns >= 1 */
  qkv_tensor output;   /* f32 [rows, columns]; may be the same view as input or residual */
  qkv_tensor residual; /* optional f32 [rows, columns], added to input first */
  qkv_tensor sum; /* optional output f32 [rows, columns]: input + residual; may be the same view as input or residual */
  qkv_tensor weight; /* optional f32 [columns]; absent: 1 */
  qkv_tensor bias;   /* optional f32 [columns]; absent: 0 */
} qkv_norm_args;

QKV_API qkv_status qkv_norm_plan(const qkv_norm_args* args, qkv_plan* plan);
QKV_API qkv_status qkv_norm_run(const qkv_plan* plan, const qkv_norm_args* args, int64_t first_task, int64_t last_task,
                                int32_t worker, void* workspace);
QKV_API qkv_status qkv_norm(const qkv_norm_args* args, const qkv_pool* pool, void* workspace, size_t workspace_bytes);

#ifdef __cplusplus
}
#endif
#endif
