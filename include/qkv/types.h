/* SPDX-License-Identifier: Apache-2.0 */
/* The vocabulary of every qkv operation: status, dtype, strided view, plan.
 *
 * Every operation comes as three functions around one args struct:
 *
 *   qkv_NAME_plan(args, &plan)            validates shapes, strides, options; chooses the kernel; reads no tensor
 *                                         (attention: key_count and first_query_position, which facts count;
 *                                         matmul: the header of the packed weight)
 *   qkv_NAME_run(&plan, args, first, last, worker, workspace)
 *                                         computes tasks [first, last) of the plan, from any thread
 *   qkv_NAME(args, pool, workspace, bytes)  plan + run of all tasks on a pool (NULL: this thread)
 *
 * The library never allocates and never starts a thread. A plan is a plain value: make it once per shape, run it as
 * often as data arrives, from as many threads as you like, each with a worker number of its own.
 */
#ifndef QKV_TYPES_H
#define QKV_TYPES_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define QKV_API __attribute__((visibility("default")))
#else
#define QKV_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum qkv_status {
  QKV_OK = 0,
  QKV_INVALID_ARGUMENT = 1,    /* a shape, stride, pointer, option or id is not acceptable; outputs are untouched */
  QKV_UNSUPPORTED = 2,         /* a valid request for which this build has no kernel; outputs are untouched */
  QKV_WORKSPACE_TOO_SMALL = 3, /* the workspace is shorter than the plan asks for; outputs are untouched */
} qkv_status;

/* A short text for a status. Never NULL. */
QKV_API const char* qkv_status_text(qkv_status status);

/* What was wrong in this thread's last failing call, naming the argument and its value, for example
 * "key.shape[1] = 3: does not divide query.shape[1] = 8". Never NULL; valid until this thread's next failing call. */
QKV_API const char* qkv_error_message(void);

typedef enum qkv_dtype {
  QKV_F32 = 0,  /* IEEE binary32 */
  QKV_BOOL = 1, /* one byte per element, 0 or not 0 */
  QKV_BF16 = 2, /* the upper half of a binary32; like those below, in a KV cache only */
  QKV_F16 = 3,  /* IEEE binary16 */
  QKV_I8 = 4    /* signed bytes with scales */
} qkv_dtype;

enum { QKV_MAX_RANK = 4 };

/* A strided view of memory that the caller owns. Strides are in elements; 0 repeats an element along that axis (inputs
 * only). In optional operands an axis of extent 1 is broadcast as well. A view of rank 0 is absent, so a zeroed struct
 * means "not given". An output may share no element with another operand, unless the operation says so; it may
 * interleave with one if they are slots of a common period, such as query and output in [row, 4, head, dim]: some
 * stride, in bytes, into whose multiples the other strides of both views fall or within which they stay. Other ways to
 * interleave are refused. `data` may be NULL where some extent is 0. Only element alignment is required and no byte
 * outside the elements is touched. */
typedef struct qkv_tensor {
  void* data;
  int32_t dtype; /* qkv_dtype */
  int32_t rank;  /* 0 (absent) .. 4 */
  int64_t shape[QKV_MAX_RANK];
  int64_t stride[QKV_MAX_RANK];
} qkv_tensor;

/* A contiguous row-major f32 view of the given rank; shape has `rank` entries. */
QKV_API qkv_tensor qkv_tensor_f32(const float* data, int32_t rank, const int64_t* shape);

/* What an operation will do, as a plain value without pointers to data. Made by qkv_*_plan, read with
 * qkv_plan_describe. */
typedef struct qkv_plan {
  int64_t opaque[160];
} qkv_plan;

typedef struct qkv_plan_facts {
  const char* kernel;     /* for example "attention.prefill.f32.plain@avx512"; lives as long as the plan */
  int64_t task_count;     /* tasks are independent; run long ranges or single tasks, in any order */
  size_t workspace_bytes; /* for `workers` workers, numbered 0 .. workers - 1; any alignment will do; SIZE_MAX
                             if a size_t cannot hold it, which no call accepts */
  double flops; /* useful floating-point operations; for attention: 2 (d_k + d_v) per visible (query, key) pair
                   at the counts and positions that were in args when the plan was made */
  double bytes; /* bytes of operands read and written at least once */
} qkv_plan_facts;

/* Facts of a plan for a given number of workers (at least 1). */
QKV_API qkv_plan_facts qkv_plan_describe(const qkv_plan* plan, int32_t workers);

#ifdef __cplusplus
}
#endif
#endif
