// SPDX-License-Identifier: Apache-2.0
// One activation of one vector. `kind` is uniform, so the switch is one predictable branch.
#pragma once

#include "kernels/simd/math.hpp"
#include "qkv/activation.h"

namespace qkv::QKV_ISA {
namespace {

QKV_INLINE Floats activate(int32_t kind, Floats x) {
  switch (kind) {
    case QKV_RELU:
      return max(broadcast(0.0F), x);
    default:
      return x;
  }
}

}  // namespace
}  // namespace qkv::QKV_ISA
