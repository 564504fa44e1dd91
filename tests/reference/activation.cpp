// SPDX-License-Identifier: Apache-2.0
#include "reference/activation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "support/gate.hpp"

namespace qkv_test {
namespace {

double logistic(double x) {
  return 1 / (1 + std::exp(-x));
}

double tanh_argument(double x) {
  return std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
}

// 1 + erf(t) = erfc(-t), without the cancellation.
double gelu(double x) {
  return x / 2 * std::erfc(-x / std::numbers::sqrt2);
}

// 1 + tanh(y) = 2 logistic(2 y), without the cancellation.
double gelu_tanh(double x) {
  return x * logistic(2 * tanh_argument(x));
}

double derivative(int32_t kind, double x) {
  switch (kind) {
    case QKV_GELU: {
      const double density = std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
      return std::erfc(-x / std::numbers::sqrt2) / 2 + x * density;
    }
    case QKV_GELU_TANH: {
      const double s = logistic(2 * tanh_argument(x));
      const double slope = std::sqrt(2 / std::numbers::pi) * (1 + 3 * 0.044715 * x * x);
      return s + 2 * x * s * (1 - s) * slope;
    }
    case QKV_SILU: {
      const double s = logistic(x);
      return s + x * s * (1 - s);
    }
    default:
      return 0;
  }
}

double cancelling_sum(int32_t kind, double x) {
  if (kind == QKV_GELU) return std::erf(x / std::numbers::sqrt2);
  return kind == QKV_GELU_TANH ? std::tanh(tanh_argument(x)) : 0;
}

}  // namespace

double activate(int32_t kind, double x) {
  if (x == -std::numeric_limits<double>::infinity()) return kind == QKV_IDENTITY ? x : 0;  // the limits
  switch (kind) {
    case QKV_RELU:
      return std::isnan(x) ? x : std::max(x, 0.0);
    case QKV_GELU:
      return gelu(x);
    case QKV_GELU_TANH:
      return gelu_tanh(x);
    case QKV_SILU:
      return x * logistic(x);
    default:
      return x;
  }
}

double activation_error(int32_t kind, double x) {
  if (kind == QKV_IDENTITY || kind == QKV_RELU) return 0;
  if (std::abs(x) >= 100) return rounding * 4 * std::abs(activate(kind, x)) + smallest;  // f is x or 0
  // Beyond 14 erf and tanh are 1 to any precision that x can show: no sum to cancel.
  const double cancelled = std::abs(x) < 14 ? x * cancelling_sum(kind, x) : 0;
  return rounding *
             (4 * std::abs(activate(kind, x)) + 4 * std::abs(x * derivative(kind, x)) + 2 * std::abs(cancelled)) +
         std::abs(x) * exp_cut + smallest;
}

double activation_error(int32_t kind, double x, double input_error) {
  const double here = activate(kind, x);
  const double above = std::abs(activate(kind, x + input_error) - here);
  const double below = std::abs(activate(kind, x - input_error) - here);
  return std::max(above, below) + activation_error(kind, x);
}

const char* activation_name(int32_t kind) {
  static const char* const names[] = {"identity", "relu", "gelu", "gelu_tanh", "silu"};
  return names[kind];
}

}  // namespace qkv_test
