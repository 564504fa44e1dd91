// SPDX-License-Identifier: Apache-2.0
#include "text/byte_pair_merges.hpp"

#include <queue>
#include <tuple>

namespace qkv::tools {
namespace {

constexpr std::size_t none = static_cast<std::size_t>(-1);

// A list of symbols from which merged ones drop out, and the merges that may still apply.
class Word {
 public:
  Word(const BytePairMerges& merges, const std::vector<std::int32_t>& symbols) : merges_(merges) {
    for (std::size_t i = 0; i < symbols.size(); ++i)
      links_.push_back({symbols[i], i == 0 ? none : i - 1, i + 1 == symbols.size() ? none : i + 1});
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) propose(i);
  }

  std::vector<std::int32_t> merged() {
    while (!proposals_.empty()) {
      const Proposal proposal = proposals_.top();
      proposals_.pop();
      // The neighbours may have changed since it was made.
      const auto merge = merge_at(proposal.left);
      if (merge && merge->rank == proposal.rank) join(proposal.left, merge->merged);
    }
    std::vector<std::int32_t> out;
    for (std::size_t i = links_.empty() ? none : 0; i != none; i = links_[i].next) out.push_back(links_[i].symbol);
    return out;
  }

 private:
  struct Link {
    std::int32_t symbol;  // gone, if its left neighbour has taken it in
    std::size_t previous, next;
  };
  struct Proposal {
    std::size_t rank, left;
    bool operator<(const Proposal& other) const { return std::tie(other.rank, other.left) < std::tie(rank, left); }
  };
  static constexpr std::int32_t gone = -1;

  void propose(std::size_t left) {
    if (const auto merge = merge_at(left)) proposals_.push({merge->rank, left});
  }

  std::optional<BytePairMerges::Merge> merge_at(std::size_t left) const {
    const Link& link = links_[left];
    if (link.symbol == gone || link.next == none) return std::nullopt;
    return merges_.find(link.symbol, links_[link.next].symbol);
  }

  // The left symbol takes in its neighbour.
  void join(std::size_t at, std::int32_t merged) {
    Link& left = links_[at];
    Link& right = links_[left.next];
    left.symbol = merged;
    left.next = right.next;
    right.symbol = gone;
    if (left.next != none) links_[left.next].previous = at;
    if (left.previous != none) propose(left.previous);
    propose(at);
  }

  const BytePairMerges& merges_;
  std::vector<Link> links_;
  std::priority_queue<Proposal> proposals_;
};

}  // namespace

std::optional<BytePairMerges::Merge> BytePairMerges::find(std::int32_t left, std::int32_t right) const {
  const auto found = merges_.find(key(left, right));
  if (found == merges_.end()) return std::nullopt;
  return found->second;
}

std::vector<std::int32_t> BytePairMerges::apply(const std::vector<std::int32_t>& symbols) const {
  return Word(*this, symbols).merged();
}

}  // namespace qkv::tools
