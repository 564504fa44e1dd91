/* SPDX-License-Identifier: Apache-2.0 */
/* Embedding lookup: output[r, :] = table[ids[r], :], or added to what output holds.
 * Serves token, type and learned position embeddings (ids = positions). */
#ifndef QKV_EMBEDDING_H
#define QKV_EMBEDDING_H

#include "qkv/pool.h"
#include "qkv/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qkv_embedding_args {
  size_t size;        /* sizeof(qkv_embedding_args) */
  qkv_tensor table;   /* f32 [entries, columns] */
  const int64_t* ids; /* [rows]; every id is checked, 0 <= id < entries, before anything is read or written */
  qkv_tensor output;  /* f32 [rows, columns] */
  int32_t accumulate; /* 1: add to output instead of replacing it */
} qkv_embedding_args;

QKV_API qkv_status qkv_embedding_plan(const qkv_embedding_args* args, qkv_plan* plan);
QKV_API qkv_status qkv_embedding_run(const qkv_plan* plan, const qkv_embedding_args* args, int64_t first_task,
                                     int64_t last_task, int32_t worker, void* workspace);
QKV_API qkv_status qkv_embedding(const qkv_embedding_args* args, const qkv_pool* pool, void* workspace,
                                 size_t workspace_bytes);

#ifdef __cplusplus
}
#endif
#endif
