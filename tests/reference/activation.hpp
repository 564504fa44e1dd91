// SPDX-License-Identifier: Apache-2.0
// Activations in double precision, with the error that an f32 result may have.
//
// Gate, with t = x / sqrt 2 or the argument of tanh: the input may be off by 4 u relative (roundings of scaled
// arguments), the result by 4 u relative, and in the GELUs 1 + erf(t) carries the absolute error of an erf (or tanh)
// within 4 u:
//   |error| <= u [4 |f| + 4 |x f'(x)| + 2 |x s(x)|] + |x| cut,  s = erf or tanh in the GELUs, 0 in SiLU
// ReLU and identity are exact.
#pragma once

#include "qkv/activation.h"

namespace qkv_test {

double activate(int32_t kind, double x);

// Allowed error of an f32 activation of exactly x.
double activation_error(int32_t kind, double x);

// Allowed error of an activation whose input is itself off by up to input_error.
double activation_error(int32_t kind, double x, double input_error);

const char* activation_name(int32_t kind);

}  // namespace qkv_test
