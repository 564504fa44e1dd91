// SPDX-License-Identifier: Apache-2.0
// A dense array put into guarded memory in some layout, the gaps filled with poison, and read back.
#pragma once

#include <algorithm>
#include <cstring>
#include <limits>

#include "qkv/types.h"
#include "support/layout.hpp"

namespace qkv_test {

// Poison between elements: NaN and infinity in turn, so that neither adding nor taking a maximum hides it.
inline void poison(float* data, size_t count) {
  for (size_t i = 0; i < count; i++) {
    data[i] = i % 2 == 0 ? std::numeric_limits<float>::quiet_NaN() : std::numeric_limits<float>::infinity();
  }
}
inline void poison(uint8_t* data, size_t count) {
  for (size_t i = 0; i < count; i++) data[i] = static_cast<uint8_t>(i % 2 == 0 ? 0xff : 0);
}
inline void poison(int64_t* data, size_t count) {
  for (size_t i = 0; i < count; i++) data[i] = std::numeric_limits<int64_t>::min();
}

template <typename T>
class StagedTensor {
 public:
  StagedTensor() = default;  // absent
  // `shape` is what the view says; axes where `values` has extent 1 and the shape more get stride 0.
  StagedTensor(const Array<T>& values, const Shape& shape, int32_t rank, const Layout& layout)
      : shape_(shape), rank_(rank), present_(values.present()) {
    if (!present_) return;
    const int64_t count = place(values.shape(), layout);
    memory_.emplace_back(static_cast<size_t>(count) * sizeof(T), layout.placement);
    poison(data(), static_cast<size_t>(count));
    for_each_index(values.shape(), [&](int64_t a, int64_t b, int64_t c, int64_t d) {
      data()[offset(a, b, c, d)] = values(a, b, c, d);
    });
    image_.assign(data(), data() + count);
  }
  StagedTensor(const Array<T>& values, int32_t rank, const Layout& layout = {})
      : StagedTensor(values, values.shape(), rank, layout) {}

  qkv_tensor view() const {
    qkv_tensor view = {};
    if (!present_) return view;
    view.data = data() + base_;
    view.dtype = sizeof(T) == 1 ? QKV_BOOL : QKV_F32;
    view.rank = rank_;
    const auto skipped = static_cast<size_t>(4 - rank_);
    for (size_t axis = skipped; axis < 4; axis++) {
      view.shape[axis - skipped] = shape_[axis];
      view.stride[axis - skipped] = stride_[axis];
    }
    return view;
  }

  T* data() const { return memory_.empty() ? nullptr : reinterpret_cast<T*>(memory_.front().data()); }

  Array<T> gather() const {
    Array<T> values(shape_);
    for_each_index(
        shape_, [&](int64_t a, int64_t b, int64_t c, int64_t d) { values(a, b, c, d) = data()[offset(a, b, c, d)]; });
    return values;
  }

  // As it was staged.
  void restore() const { std::copy(image_.begin(), image_.end(), data()); }

  // No byte differs from what was staged.
  bool unchanged() const {
    return !present_ || image_.empty() || std::memcmp(data(), image_.data(), image_.size() * sizeof(T)) == 0;
  }

  // No byte between the elements differs from what was staged.
  bool gaps_unchanged() const {
    if (!present_ || image_.empty()) return true;
    std::vector<T> expected = image_;
    for_each_index(shape_, [&](int64_t a, int64_t b, int64_t c, int64_t d) {
      const int64_t at = offset(a, b, c, d);
      expected[static_cast<size_t>(at)] = data()[at];
    });
    return std::memcmp(data(), expected.data(), expected.size() * sizeof(T)) == 0;
  }

 private:
  int64_t offset(int64_t a, int64_t b, int64_t c, int64_t d) const {
    return base_ + a * stride_[0] + b * stride_[1] + c * stride_[2] + d * stride_[3];
  }

  // Sets strides and the offset of element 0; returns how many elements the memory has.
  int64_t place(const Shape& stored, const Layout& layout) {
    int64_t span = 1, last = layout.lead;
    base_ = layout.lead;
    for (size_t position = 4; position-- > 0;) {
      const size_t axis = layout.order[position];
      const int64_t step = span + layout.gap[axis], reach = step * (stored[axis] - 1);
      span = step * stored[axis];
      last += reach;
      if (layout.reversed[axis]) base_ += reach;
      stride_[axis] = layout.reversed[axis] ? -step : step;
      if (stored[axis] != shape_[axis]) stride_[axis] = 0;
    }
    return qkv_test::element_count(stored) == 0 ? 0 : last + 1;
  }

  std::vector<GuardedMemory> memory_;  // one or none
  std::vector<T> image_;
  Shape shape_{};
  Shape stride_{};
  int64_t base_ = 0;
  int32_t rank_ = 0;
  bool present_ = false;
};

}  // namespace qkv_test
