// SPDX-License-Identifier: Apache-2.0
#include "qkv/version.h"

#define QKV_TEXT(value) #value
#define QKV_JOIN(major, minor, patch) QKV_TEXT(major) "." QKV_TEXT(minor) "." QKV_TEXT(patch)

const char* qkv_version(void) {
  return QKV_JOIN(QKV_VERSION_MAJOR, QKV_VERSION_MINOR, QKV_VERSION_PATCH);
}
