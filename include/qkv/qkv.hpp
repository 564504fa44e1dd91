// SPDX-License-Identifier: Apache-2.0
// A thin C++17 layer over qkv.h: errors as exceptions, views of containers, plans that own their workspace.
//
//   auto args = qkv::make<qkv_attention_args>();
//   args.query = qkv::view(query, {batch, heads, rows, head_dim});   // qkv::input for constant values
//   ...
//   qkv::compute(args);               // plan, workspace and run at once
//
//   qkv::Plan plan(args, workers);    // once per shape; then, as often as data arrives:
//   plan.run(args, pool);             // all of it on a pool, such as qkv_openmp_pool(workers)
//   plan.run(args, first_task, last_task, worker);   // or your own threads, each with a worker number of its own
#ifndef QKV_QKV_HPP
#define QKV_QKV_HPP

#include <cstddef>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <iterator>
#include <mutex>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "qkv/qkv.h"

namespace qkv {

// what() names the argument and its value.
class Error : public std::runtime_error {
 public:
  Error(qkv_status status, const std::string& message) : std::runtime_error(message), status_(status) {}
  qkv_status status() const { return status_; }

 private:
  qkv_status status_;
};

inline void check(qkv_status status) {
  if (status != QKV_OK) throw Error(status, qkv_error_message());
}

// An args struct of which nothing is set but its size.
template <class Args>
Args make() {
  Args args{};
  args.size = sizeof args;
  return args;
}

inline qkv_dtype dtype_of(const float*) {
  return QKV_F32;
}
inline qkv_dtype dtype_of(const std::uint8_t*) {
  return QKV_BOOL;
}

// A contiguous row-major view, to be read only, of `values`: floats, or bytes as a mask, exactly as many as the shape
// has.
template <class Container>
qkv_tensor input(const Container& values, std::initializer_list<std::int64_t> shape) {
  const std::size_t size = std::size(values);
  std::size_t rest = size;  // of the values, divided by the extents so far: products could wrap
  bool fits = true, empty = false;
  std::string text;
  for (const std::int64_t extent : shape) {
    text += (text.empty() ? "" : ", ") + std::to_string(extent);
    empty = empty || extent == 0;
    fits = fits && extent >= 0 && (extent == 0 || rest % static_cast<std::size_t>(extent) == 0);
    if (fits && extent > 0) rest /= static_cast<std::size_t>(extent);
  }
  if (shape.size() > QKV_MAX_RANK) {
    throw Error(QKV_INVALID_ARGUMENT, "view: the shape [" + text + "] is of rank " + std::to_string(shape.size()) +
                                          ", the most is " + std::to_string(QKV_MAX_RANK));
  }
  if (!fits || (empty ? size != 0 : rest != 1)) {
    throw Error(QKV_INVALID_ARGUMENT, "view: " + std::to_string(size) + " values do not fill the shape [" + text + "]");
  }
  const auto* data = std::data(values);
  qkv_tensor view = qkv_tensor_f32(nullptr, static_cast<std::int32_t>(shape.size()), shape.begin());
  view.data = const_cast<void*>(static_cast<const void*>(data));
  view.dtype = dtype_of(data);
  return view;
}

// The same of values that may be written, for any operand.
template <class Container>
qkv_tensor view(Container& values, std::initializer_list<std::int64_t> shape) {
  using Element = std::remove_pointer_t<decltype(std::data(values))>;
  static_assert(!std::is_const_v<Element>, "constant values are an input: qkv::input(values, shape)");
  return input(values, shape);
}

// The three functions of the operation that an args struct belongs to.
template <class Args>
struct Operation;

#define QKV_OPERATION(name)                          \
  template <>                                        \
  struct Operation<qkv_##name##_args> {              \
    static constexpr auto plan = &qkv_##name##_plan; \
    static constexpr auto run = &qkv_##name##_run;   \
    static constexpr auto call = &qkv_##name;        \
  }
QKV_OPERATION(activation);
QKV_OPERATION(attention);
QKV_OPERATION(embedding);
QKV_OPERATION(kv_append);
QKV_OPERATION(kv_copy);
QKV_OPERATION(kv_unpack);
QKV_OPERATION(matmul);
QKV_OPERATION(norm);
QKV_OPERATION(position);
QKV_OPERATION(rope);
QKV_OPERATION(rope_table);
QKV_OPERATION(softmax);
#undef QKV_OPERATION

// A plan with the one workspace of its workers 0 .. workers - 1. Ranges of tasks may run at the same time if their
// workers differ; run(args) and run(args, pool) take all of it, so one at a time: another thread makes a plan of its
// own.
template <class Args>
class Plan {
 public:
  explicit Plan(const Args& args, std::int32_t workers = 1) : workers_(workers < 1 ? 1 : workers) {
    check(Operation<Args>::plan(&args, &plan_));
    facts_ = qkv_plan_describe(&plan_, workers_);
    workspace_.resize(facts_.workspace_bytes);
  }
  // facts().kernel points into the plan.
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  const qkv_plan_facts& facts() const { return facts_; }

  void run(const Args& args, std::int64_t first_task, std::int64_t last_task, std::int32_t worker) {
    if (worker >= workers_) refuse("worker = ", worker);
    check(Operation<Args>::run(&plan_, &args, first_task, last_task, worker, workspace_.data()));
  }
  // All tasks on this thread.
  void run(const Args& args) { run(args, 0, facts_.task_count, 0); }
  // All tasks on a pool of at most the plan's workers. An id or count that is out of bounds is found by the task that
  // reads it, when others may have written their outputs; the error is that of the first of them.
  void run(const Args& args, const qkv_pool& pool) {
    if (pool.worker_count < 1)
      throw Error(QKV_INVALID_ARGUMENT,
                  "pool.worker_count = " + std::to_string(pool.worker_count) + ": must be positive");
    if (pool.worker_count > workers_) refuse("pool.worker_count = ", pool.worker_count);
    if (pool.parallel_for == nullptr) throw Error(QKV_INVALID_ARGUMENT, "pool.parallel_for = NULL");
    if constexpr (std::is_same_v<Args, qkv_attention_args>) {
      return check(qkv_attention_run_all(&plan_, &args, &pool, workspace_.data(), workspace_.size()));
    }
    run(args, 0, 0, 0);  // what is wrong with args as a whole is found before anything is written
    Job job{*this, args, {}, facts_.task_count, {}};
    pool.parallel_for(pool.context, facts_.task_count, &run_tasks, &job);
    if (job.error) std::rethrow_exception(job.error);
  }

 private:
  struct Job {
    Plan& plan;
    const Args& args;
    std::mutex mutex;
    std::int64_t failed_task;  // the first known
    std::exception_ptr error;
  };

  // Pools are C: no exception may pass through them.
  static void run_tasks(void* context, std::int64_t first_task, std::int64_t last_task, std::int32_t worker) {
    Job& job = *static_cast<Job*>(context);
    try {
      job.plan.run(job.args, first_task, last_task, worker);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(job.mutex);
      if (first_task >= job.failed_task) return;
      job.failed_task = first_task;
      job.error = std::current_exception();
    }
  }

  void refuse(const char* argument, std::int32_t value) const {
    throw Error(QKV_INVALID_ARGUMENT, argument + std::to_string(value) + ": the plan has workspace for " +
                                          std::to_string(workers_) + " workers");
  }

  std::int32_t workers_;
  qkv_plan plan_;
  qkv_plan_facts facts_;
  std::vector<std::byte> workspace_;
};

// Plans, finds workspace and runs all tasks on the pool, or on this thread.
template <class Args>
void compute(const Args& args, const qkv_pool* pool = nullptr) {
  qkv_plan plan;
  check(Operation<Args>::plan(&args, &plan));
  std::vector<std::byte> workspace(qkv_plan_describe(&plan, pool == nullptr ? 1 : pool->worker_count).workspace_bytes);
  check(Operation<Args>::call(&args, pool, workspace.data(), workspace.size()));
}

}  // namespace qkv
#endif
