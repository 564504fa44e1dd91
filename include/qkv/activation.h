/* SPDX-License-Identifier: Apache-2.0 */
/* Element-wise activations, alone or as the epilogue of a matmul. At -inf, where their formulas say infinity times 0,
 * GELU and SiLU are 0, their limit; NaN stays NaN. */
#ifndef QKV_ACTIVATION_H
#define QKV_ACTIVATION_H

#include "qkv/pool.h"
#include "qkv/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum qkv_activation_kind {
  QKV_IDENTITY = 0,
  QKV_RELU = 1,      /* max(x, 0) */
  QKV_GELU = 2,      /* x/2 (1 + erf(x / sqrt 2)), Hendrycks and Gimpel 2016 */
  QKV_GELU_TANH = 3, /* x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), same paper */
  QKV_SILU = 4       /* x / (1 + exp(-x)) */
} qkv_activation_kind;

typedef struct qkv_activation_args {
  size_t size;           /* sizeof(qkv_activation_args) */
  int32_t kind;          /* qkv_activation_kind */
  qkv_tensor input;      /* f32 [rows, columns] */
  qkv_tensor output;     /* f32 [rows, columns]; may be the same view as input or multiplier */
  qkv_tensor multiplier; /* optional f32 [rows, columns], times which the activation is taken: SwiGLU with SiLU, GeGLU
                            with GELU (Shazeer 2020) */
} qkv_activation_args;

QKV_API qkv_status qkv_activation_plan(const qkv_activation_args* args, qkv_plan* plan);
QKV_API qkv_status qkv_activation_run(const qkv_plan* plan, const qkv_activation_args* args, int64_t first_task,
                                      int64_t last_task, int32_t worker, void* workspace);
QKV_API qkv_status qkv_activation(const qkv_activation_args* args, const qkv_pool* pool, void* workspace,
                                  size_t workspace_bytes);

#ifdef __cplusplus
}
#endif
#endif
