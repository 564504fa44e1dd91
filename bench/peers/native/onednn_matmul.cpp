// SPDX-License-Identifier: Apache-2.0
// A matmul primitive with weights in the layout that it asks for, packed before.
#include "onednn.hpp"
#include "peer.hpp"

namespace qkv::peers {
namespace {

dnnl::post_ops activation_of(int64_t activation) {
  constexpr dnnl::algorithm algorithms[] = {dnnl::algorithm::eltwise_relu, dnnl::algorithm::eltwise_gelu_erf,
                                            dnnl::algorithm::eltwise_gelu_tanh, dnnl::algorithm::eltwise_swish};
  dnnl::post_ops operations;
  // Alpha is the slope of ReLU below 0, and the factor in the sigmoid of swish.
  if (activation > 0) append_eltwise(operations, algorithms[activation - 1], activation == 4 ? 1.0F : 0.0F);
  return operations;
}

class OnednnMatmul final : public Prepared {
 public:
  explicit OnednnMatmul(const MatmulProblem& p) : stream_(cpu()) {
    Product product{matrix({p.m, p.k}), any_layout({p.k, p.n}), {}, matrix({p.m, p.n}), activation_of(p.activation)};
    if (p.bias != nullptr) product.bias = matrix({1, p.n});
    const auto description = describe(product);
    primitive_ = dnnl::matmul(description);
    dnnl::memory plain = memory_at(matrix({p.k, p.n}, {1, p.k}), p.weight);
    dnnl::memory packed(description.weights_desc(), cpu());
    dnnl::reorder(plain, packed).execute(stream_, plain, packed);
    stream_.wait();
    arguments_ = {{DNNL_ARG_SRC, memory_at(product.source, p.input)},
                  {DNNL_ARG_WEIGHTS, packed},
                  {DNNL_ARG_DST, memory_at(product.result, p.output)}};
    if (p.bias != nullptr) arguments_.emplace(DNNL_ARG_BIAS, memory_at(product.bias, p.bias));
  }

  void run() override {
    primitive_.execute(stream_, arguments_);
    stream_.wait();
  }

 private:
  dnnl::stream stream_;
  dnnl::primitive primitive_;
  Arguments arguments_;
};

}  // namespace

std::unique_ptr<Prepared> prepare(const MatmulProblem& problem) {
  return std::make_unique<OnednnMatmul>(problem);
}

}  // namespace qkv::peers
