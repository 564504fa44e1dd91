// SPDX-License-Identifier: Apache-2.0
// Calls that must be refused: a valid call with one thing wrong, the status and the argument that the message must
// name.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "support/execution.hpp"
#include "support/staged_tensor.hpp"

namespace qkv_test {

// What outputs hold before a call.
inline constexpr float untouched = 42;

// Memory behind the views of one call.
class Operands {
 public:
  qkv_tensor input(const Shape& shape, int32_t rank) {
    return add(Random(inputs_.size() + 1).gaussian_array(shape), rank, inputs_);
  }
  qkv_tensor output(const Shape& shape, int32_t rank) { return add(Array<float>(shape, untouched), rank, outputs_); }
  qkv_tensor mask(const Shape& shape, int32_t rank) {
    return masks_.emplace_back(Array<uint8_t>(shape, 1), rank).view();
  }
  bool outputs_unchanged() const {
    return std::ranges::all_of(outputs_, [](const StagedTensor<float>& output) { return output.unchanged(); });
  }
  void restore_outputs() const {
    for (const StagedTensor<float>& output : outputs_) output.restore();
  }
  // Elements of all outputs.
  std::vector<float> outputs() const {
    std::vector<float> elements;
    for (const StagedTensor<float>& output : outputs_) {
      const Array<float> values = output.gather();
      elements.insert(elements.end(), values.values().begin(), values.values().end());
    }
    return elements;
  }
  bool inputs_unchanged() const {
    return std::ranges::all_of(inputs_, [](const StagedTensor<float>& input) { return input.unchanged(); });
  }

 private:
  static qkv_tensor add(const Array<float>& values, int32_t rank, std::deque<StagedTensor<float>>& tensors) {
    return tensors.emplace_back(values, rank).view();
  }
  std::deque<StagedTensor<float>> inputs_, outputs_;
  std::deque<StagedTensor<uint8_t>> masks_;
};

// When a fault is seen: from shapes and options, only from pointers and ids, or early if the plan looks at data
// (counts).
enum class Seen { in_plan, in_run, in_either };

template <typename Args>
struct Fault {
  std::string name;
  std::function<void(Args&)> spoil;
  std::string argument;  // the message contains it; alternatives separated by '|'
  Seen seen = Seen::in_plan;
  qkv_status status = QKV_INVALID_ARGUMENT;
};

bool names_argument(const std::string& message, const std::string& alternatives);

inline constexpr size_t large_workspace = 1 << 20;

template <typename Args>
void check_fault(const Operation<Args>& operation, const Fault<Args>& fault, Args (*valid_call)(Operands&)) {
  CAPTURE(fault.name);
  Operands operands;
  Args args = valid_call(operands);
  fault.spoil(args);
  const Workspace workspace(large_workspace);
  qkv_plan plan;
  const qkv_status planned = operation.plan(&args, &plan);
  if (fault.seen != Seen::in_either) CHECK(planned == (fault.seen == Seen::in_plan ? fault.status : QKV_OK));
  CHECK(operation.call(&args, nullptr, workspace.data(), workspace.size()) == fault.status);
  const std::string message = qkv_error_message();
  CAPTURE(message);
  CHECK(names_argument(message, fault.argument));
  if (fault.seen != Seen::in_plan && planned == QKV_OK) {
    const int64_t tasks = qkv_plan_describe(&plan, 1).task_count;
    CHECK(operation.run(&plan, &args, 0, tasks, 0, workspace.data()) == fault.status);
  }
  CHECK(operands.outputs_unchanged());
  CHECK(operands.inputs_unchanged());
}

template <typename Args>
void check_faults(const Operation<Args>& operation, const std::vector<Fault<Args>>& faults,
                  Args (*valid_call)(Operands&)) {
  Operands operands;
  REQUIRE(execute(operation, valid_call(operands)) == QKV_OK);
  for (const Fault<Args>& fault : faults) check_fault(operation, fault, valid_call);
}

// What can be wrong with any view: rank, dtype, extents, strides, data.
template <typename Args>
std::vector<Fault<Args>> view_faults(const std::string& name, qkv_tensor Args::*view) {
  constexpr int64_t most = INT64_MAX, least = INT64_MIN;
  std::vector<Fault<Args>> faults;
  const auto add = [&](const std::string& what, auto change, Seen seen = Seen::in_plan) {
    faults.push_back({name + " " + what, [view, change](Args& args) { change(args.*view); }, name, seen});
  };
  add("of lower rank", [](qkv_tensor& v) { v.rank = v.rank == 1 ? 2 : v.rank - 1; });
  add("of rank 5", [](qkv_tensor& v) { v.rank = 5; });
  add("of rank -1", [](qkv_tensor& v) { v.rank = -1; });
  add("of another dtype", [](qkv_tensor& v) { v.dtype = v.dtype == QKV_F32 ? QKV_BOOL : QKV_F32; });
  add("of an unknown dtype", [](qkv_tensor& v) { v.dtype = 77; });
  add(
      "without data", [](qkv_tensor& v) { v.data = nullptr; }, Seen::in_run);
  add(
      "beyond the address space", [](qkv_tensor& v) { v.data = reinterpret_cast<void*>(~uintptr_t{15}); },
      Seen::in_run);
  const auto last_axis = [](const qkv_tensor& v) { return v.rank - 1; };
  add("with a negative extent", [=](qkv_tensor& v) { v.shape[last_axis(v)] = -1; });
  add("with the least extent", [=](qkv_tensor& v) { v.shape[0] = least; });
  add("with the greatest extent", [=](qkv_tensor& v) { v.shape[last_axis(v)] = most; });
  add("with extents whose product overflows", [=](qkv_tensor& v) {
    for (int64_t& extent : v.shape) extent = int64_t{1} << 61;
  });
  add("with the greatest stride", [=](qkv_tensor& v) { v.stride[last_axis(v)] = most; });
  add("with the least stride", [=](qkv_tensor& v) { v.stride[last_axis(v)] = least; });
  add("with a stride that overflows in bytes", [=](qkv_tensor& v) {
    const int64_t bytes = v.dtype == QKV_BOOL ? 1 : 4;
    v.stride[0] = most / (v.shape[0] - 1) / bytes + (bytes > 1 ? 1 : 0);
  });
  return faults;
}

// An output must not repeat elements, nor share memory with `others`.
template <typename Args>
std::vector<Fault<Args>> output_faults(const std::string& name, qkv_tensor Args::*output,
                                       const std::vector<std::pair<std::string, qkv_tensor Args::*>>& others) {
  std::vector<Fault<Args>> faults = view_faults(name, output);
  faults.push_back({name + " with stride 0", [output](Args& args) { (args.*output).stride[0] = 0; }, name});
  // Slices that begin one element apart, where they are longer than that.
  faults.push_back({name + " with rows over each other",
                    [output](Args& args) {
                      qkv_tensor& view = args.*output;
                      const int last = view.rank - 1;
                      view.stride[last] = 1;
                      if (last > 0) view.stride[last - 1] = view.shape[last] > 1 ? view.shape[last] - 1 : 0;
                      if (last == 0) view.stride[last] = 0;
                    },
                    name});
  for (const auto& [other_name, other] : others) {
    const auto overlap = [output, other = other](Args& args) {
      (args.*output).data = static_cast<char*>((args.*other).data) + ((args.*other).dtype == QKV_F32 ? 4 : 0);
    };
    faults.push_back({name + " over " + other_name, overlap, name + "|" + other_name, Seen::in_run});
  }
  return faults;
}

template <typename Args>
std::vector<Fault<Args>> size_faults() {
  return {{"size 0", [](Args& args) { args.size = 0; }, "size"},
          {"size 1", [](Args& args) { args.size = 1; }, "size"},
          {"size 2^40", [](Args& args) { args.size = size_t{1} << 40; }, "size"},
          {"the greatest size", [](Args& args) { args.size = SIZE_MAX; }, "size"},
          {"the size of a pointer", [](Args& args) { args.size = sizeof(void*); }, "args.size = 8: must be sizeof"}};
}

template <typename T>
void append(std::vector<T>& to, const std::vector<T>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace qkv_test
