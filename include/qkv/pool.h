/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's threads, as qkv sees them. */
#ifndef QKV_POOL_H
#define QKV_POOL_H

#include "qkv/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Computes tasks [first_task, last_task). `worker` numbers the thread: 0 .. worker_count - 1, and no two calls that run
 * at the same time share a worker number. */
typedef void (*qkv_task_function)(void* task_context, int64_t first_task, int64_t last_task, int32_t worker);

/* A pool calls `function` for ranges that cover [0, task_count) once, on at most worker_count threads, and returns when
 * all are done. Lower task numbers are the longer ones: hand them out first, one by one, for the best balance. */
typedef struct qkv_pool {
  int32_t worker_count;
  void* context;
  void (*parallel_for)(void* context, int64_t task_count, qkv_task_function function, void* task_context);
} qkv_pool;

#ifdef __cplusplus
}
#endif
#endif
