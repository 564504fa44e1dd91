// SPDX-License-Identifier: Apache-2.0
#include "generate/sampler.hpp"

#include <algorithm>
#include <cmath>

namespace qkv::tools {
namespace {

bool likelier(const Candidate& a, const Candidate& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
}

// exp((logit - greatest) / temperature): not yet divided by their sum.
std::vector<double> weights_of(std::span<const Candidate> candidates, float temperature) {
  std::vector<double> weights;
  for (const Candidate& candidate : candidates)
    weights.push_back(
        std::exp(static_cast<double>(candidate.logit - candidates.front().logit) / static_cast<double>(temperature)));
  return weights;
}

// The first weights that reach the share `top_p` of all.
void keep_share(std::vector<double>& weights, double top_p) {
  double all = 0, kept = 0;
  for (const double weight : weights) all += weight;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    kept += weights[i];
    if (kept < top_p * all) continue;
    weights.resize(i + 1);
    return;
  }
}

}  // namespace

std::vector<Candidate> top_candidates(std::span<const float> logits, std::size_t count) {
  std::vector<Candidate> candidates;
  candidates.reserve(logits.size());
  for (std::size_t id = 0; id < logits.size(); ++id)
    if (!std::isnan(logits[id])) candidates.push_back({static_cast<std::int64_t>(id), logits[id]});
  const auto end = candidates.begin() + static_cast<std::ptrdiff_t>(std::min(count, candidates.size()));
  std::partial_sort(candidates.begin(), end, candidates.end(), likelier);
  candidates.erase(end, candidates.end());
  return candidates;
}

std::int64_t Sampler::choose(std::span<const float> logits) {
  const auto kept = sampling_.temperature == 0 ? std::size_t{1}
                    : sampling_.top_k == 0     ? logits.size()
                                               : static_cast<std::size_t>(sampling_.top_k);
  const std::vector<Candidate> candidates = top_candidates(logits, kept);
  if (candidates.empty()) return 0;
  if (candidates.size() == 1) return candidates.front().id;
  std::vector<double> weights = weights_of(candidates, sampling_.temperature);
  keep_share(weights, static_cast<double>(sampling_.top_p));
  // Not std::discrete_distribution, whose results differ between standard libraries.
  double sum = 0;
  for (const double weight : weights) sum += weight;
  double rest = sum * static_cast<double>(generator_() >> 11) * 0x1p-53;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    rest -= weights[i];
    if (rest < 0) return candidates[i].id;
  }
  return candidates[weights.size() - 1].id;
}

}  // namespace qkv::tools
