// SPDX-License-Identifier: Apache-2.0
// A dense row-major array of rank 4: what tests compute with. Lower ranks use the last axes, the others have extent 1.
// An axis of extent 1 is broadcast: any index on it reads the same element.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace qkv_test {

using Shape = std::array<int64_t, 4>;

inline int64_t element_count(const Shape& shape) {
  return shape[0] * shape[1] * shape[2] * shape[3];
}

template <typename T>
class Array {
 public:
  Array() = default;  // absent
  explicit Array(const Shape& shape, T fill = T{})
      : present_(true), shape_(shape), values_(static_cast<size_t>(qkv_test::element_count(shape)), fill) {
    int64_t stride = 1;
    for (size_t axis = 4; axis-- > 0;) {
      stride_[axis] = shape[axis] == 1 ? 0 : stride;
      stride *= shape[axis];
    }
  }

  bool present() const { return present_; }
  const Shape& shape() const { return shape_; }
  std::vector<T>& values() { return values_; }
  const std::vector<T>& values() const { return values_; }

  // Strides with 0 on axes of extent 1, so that an index past them is a broadcast.
  int64_t offset(int64_t a, int64_t b, int64_t c, int64_t d) const {
    return a * stride_[0] + b * stride_[1] + c * stride_[2] + d * stride_[3];
  }
  int64_t stride(size_t axis) const { return stride_[axis]; }
  T& operator()(int64_t a, int64_t b, int64_t c, int64_t d) { return values_[static_cast<size_t>(offset(a, b, c, d))]; }
  const T& operator()(int64_t a, int64_t b, int64_t c, int64_t d) const {
    return values_[static_cast<size_t>(offset(a, b, c, d))];
  }
  T& operator()(int64_t row, int64_t column) { return (*this)(0, 0, row, column); }
  const T& operator()(int64_t row, int64_t column) const { return (*this)(0, 0, row, column); }

 private:
  bool present_ = false;
  Shape shape_{};
  Shape stride_{};
  std::vector<T> values_;
};

// Calls visit(a, b, c, d) for every index of the shape.
template <typename Visit>
void for_each_index(const Shape& shape, const Visit& visit) {
  for (int64_t a = 0; a < shape[0]; a++) {
    for (int64_t b = 0; b < shape[1]; b++) {
      for (int64_t c = 0; c < shape[2]; c++) {
        for (int64_t d = 0; d < shape[3]; d++) visit(a, b, c, d);
      }
    }
  }
}

}  // namespace qkv_test
