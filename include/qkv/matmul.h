/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix product with a weight that is packed once for the kernel in use:
 *
 *   output[m, n] = activation(sum over k of input[m, k] * weight[n, k] + bias[n])
 */
#ifndef QKV_MATMUL_H
#define QKV_MATMUL_H

#include "qkv/activation.h"
#include "qkv/pool.h"
#include "qkv/tuning.h"
#include "qkv/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that a packed copy of `weight` takes for the tier in use. weight: f32 [n, k], any strides, so a [k, n] matrix
 * is packed by swapping its shape and strides. */
QKV_API qkv_status qkv_matmul_pack_bytes(const qkv_tensor* weight, size_t* bytes);

/* Packs `weight` into `packed` (64-byte aligned, `bytes` long). The copy belongs to the tier that was in use when it
 * was made, and a plan made with it uses that tier. */
QKV_API qkv_status qkv_matmul_pack(const qkv_tensor* weight, void* packed, size_t bytes);

typedef struct qkv_matmul_args {
  size_t size;        /* sizeof(qkv_matmul_args) */
  qkv_tensor input;   /* f32 [m, k] */
  const void* weight; /* made by qkv_matmul_pack; its header is read by plan and run */
  qkv_tensor bias;    /* optional f32 [n] */
  qkv_tensor output;  /* f32 [m, n]; overlaps neither an input nor itself */
  int32_t activation; /* qkv_activation_kind */

  const qkv_tuning* tuning; /* optional, read when the plan is made */
} qkv_matmul_args;

QKV_API qkv_status qkv_matmul_plan(const qkv_matmul_args* args, qkv_plan* plan);
QKV_API qkv_status qkv_matmul_run(const qkv_plan* plan, const qkv_matmul_args* args, int64_t first_task,
                                  int64_t last_task, int32_t worker, void* workspace);
QKV_API qkv_status qkv_matmul(const qkv_matmul_args* args, const qkv_pool* pool, void* workspace,
                              size_t workspace_bytes);

#ifdef __cplusplus
}
#endif
#endif
