// SPDX-License-Identifier: Apache-2.0
#include "instructions/measured_call.hpp"

void qkv_measured_call(qkv::bench::PreparedCall& call) {
  call.call();
}
