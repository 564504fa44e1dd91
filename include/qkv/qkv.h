/* SPDX-License-Identifier: Apache-2.0 */
/* The whole C interface of the core library. The OpenMP pool is apart: qkv/openmp.h, library qkv_openmp. */
#ifndef QKV_QKV_H
#define QKV_QKV_H

#include "qkv/activation.h"
#include "qkv/attention.h"
#include "qkv/embedding.h"
#include "qkv/isa.h"
#include "qkv/kv_cache.h"
#include "qkv/matmul.h"
#include "qkv/norm.h"
#include "qkv/pool.h"
#include "qkv/position.h"
#include "qkv/rope.h"
#include "qkv/softmax.h"
#include "qkv/tuning.h"
#include "qkv/types.h"
#include "qkv/version.h"

#endif
