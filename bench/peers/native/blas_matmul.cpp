// SPDX-License-Identifier: Apache-2.0
// A product with the library's own threads; the bias is what the product is added to.
#include <algorithm>

#include "blas.hpp"
#include "peer.hpp"

namespace qkv::peers {
namespace {

class BlasMatmul final : public Prepared {
 public:
  explicit BlasMatmul(const MatmulProblem& problem) : problem_(problem) {
    if (problem.activation != 0) throw NotSupported("no activation");
    use_threads(problem.threads);
  }

  void run() override {
    const MatmulProblem& p = problem_;
    if (p.bias != nullptr) {
      for (int64_t row = 0; row < p.m; row++) std::copy_n(p.bias, p.n, p.output + row * p.n);
    }
    const auto m = static_cast<int>(p.m), n = static_cast<int>(p.n), k = static_cast<int>(p.k);
    const float kept = p.bias != nullptr ? 1.0F : 0.0F;
    if (p.m == 1) {
      cblas_sgemv(CblasRowMajor, CblasNoTrans, n, k, 1, p.weight, k, p.input, 1, kept, p.output, 1);
    } else {
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, p.input, k, p.weight, k, kept, p.output, n);
    }
  }

 private:
  MatmulProblem problem_;
};

}  // namespace

std::unique_ptr<Prepared> prepare(const MatmulProblem& problem) {
  return std::make_unique<BlasMatmul>(problem);
}

}  // namespace qkv::peers
