// SPDX-License-Identifier: Apache-2.0
#include "api/error.hpp"

#include <cstdarg>
#include <cstdio>

namespace qkv {
namespace {

constinit thread_local char message[256] = "";

}  // namespace

qkv_status fail(qkv_status status, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  return status;
}

}  // namespace qkv

const char* qkv_error_message(void) {
  return qkv::message;
}

const char* qkv_status_text(qkv_status status) {
  switch (status) {
    case QKV_OK:
      return "ok";
    case QKV_INVALID_ARGUMENT:
      return "invalid argument";
    case QKV_UNSUPPORTED:
      return "unsupported request";
    case QKV_WORKSPACE_TOO_SMALL:
      return "workspace too small";
  }
  return "unknown status";
}
