/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix product with a weight, of f32 or quantised, that is packed once for the kernel in use:
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

/* Blocks of quantised values as GGUF files have them (github.com/ggml-org/ggml): a row is a number of whole blocks,
 * each with one scale or more; numbers of two bytes are little-endian f16. low and high are the halves of a byte. */
typedef enum qkv_block_format {
  QKV_Q4_0 = 1, /* 32 values in 18 bytes: scale, 16 bytes. scale * (low - 8), then scale * (high - 8) */
  QKV_Q4_1 = 2, /* 32 in 20: scale, minimum, 16 bytes. scale * low + minimum, then scale * high + minimum */
  QKV_Q8_0 = 3, /* 32 in 34: scale, 32 signed bytes. scale * byte */
  QKV_Q4_K = 4, /* 256 in 144: scale and minimum of 16 bits, 8 of each of 6 bits, 128 bytes */
  QKV_Q6_K = 5  /* 256 in 210: low halves, upper two bits, 16 scales of 8 bits, scale of 16 bits */
} qkv_block_format;

/* A weight [n, k] in blocks. */
typedef struct qkv_block_matrix {
  const void* data;  /* any alignment */
  int32_t format;    /* qkv_block_format */
  int64_t rows;      /* n */
  int64_t columns;   /* k, a multiple of the format's block */
  int64_t row_bytes; /* from row to row; 0: they follow one another */
} qkv_block_matrix;

/* As qkv_matmul_pack, without loss. A product with such a weight takes each block of 32 inputs of a row as signed bytes
 * times max |input| / 127, rounded to the nearest; a block below 2^-100 as 0; one with NaN or infinity makes its row
 * NaN. Products are summed as integers, exactly. qkv_tuning's matmul_depth_block has no meaning here. */
QKV_API qkv_status qkv_matmul_pack_blocks_bytes(const qkv_block_matrix* weight, size_t* bytes);
QKV_API qkv_status qkv_matmul_pack_blocks(const qkv_block_matrix* weight, void* packed, size_t bytes);

typedef struct qkv_matmul_args {
  size_t size;        /* sizeof(qkv_matmul_args) */
  qkv_tensor input;   /* f32 [m, k] */
  const void* weight; /* made by qkv_matmul_pack or .._pack_blocks; its header is read by plan and run */
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
