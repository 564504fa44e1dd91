/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QKV_VERSION_H
#define QKV_VERSION_H

#include "qkv/types.h"

#define QKV_VERSION_MAJOR 0
#define QKV_VERSION_MINOR 1
#define QKV_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that is running, "major.minor.patch". */
QKV_API const char* qkv_version(void);

#ifdef __cplusplus
}
#endif
#endif
