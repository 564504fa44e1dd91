// SPDX-License-Identifier: Apache-2.0
#include "result_files/diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace qkv::bench {
namespace {

using RowsByKey = std::map<std::string, const Row*>;

RowsByKey by_key(const std::vector<Row>& rows) {
  RowsByKey sorted;
  for (const Row& row : rows) sorted[key_of(row)] = &row;
  return sorted;
}

std::string reason(const Row& row) {
  if (row.ratio) return "has a figure";
  return row.note.empty() ? "no figure" : row.note;
}

std::string limit_of(const Row& row) {
  return fmt::format("{} in {}", row.limit_name, row.unit);
}

bool has_figure(const Row& row) {
  return row.ratio && *row.ratio > 0;
}

void add_pair(const std::string& key, const Row& before, const Row& after, Difference& difference) {
  difference.second_is_wrong = difference.second_is_wrong || after.wrong;
  if (!has_figure(before)) {
    difference.without_figure.push_back(fmt::format("{} ({}; {})", key, reason(before), reason(after)));
  } else if (!after.ratio) {
    difference.lost.push_back(fmt::format("{} ({})", key, reason(after)));
  } else if (limit_of(before) != limit_of(after)) {
    difference.other_limit.push_back(fmt::format("{} ({}; {})", key, limit_of(before), limit_of(after)));
  } else {
    difference.changes.push_back({key, *before.ratio, *after.ratio});
  }
}

void add_missing(const std::string& key, const Row& before, Difference& difference) {
  if (has_figure(before)) {
    difference.lost.push_back(key + " (is not there)");
  } else {
    difference.without_figure.push_back(fmt::format("{} ({}; is not there)", key, reason(before)));
  }
}

std::string section(const char* title, const std::vector<std::string>& lines) {
  if (lines.empty()) return "";
  return fmt::format("\n{}:\n  {}\n", title, fmt::join(lines, "\n  "));
}

}  // namespace

Difference difference_of(const std::vector<Row>& before, const std::vector<Row>& after) {
  const RowsByKey old_rows = by_key(before), new_rows = by_key(after);
  Difference difference;
  for (const auto& [key, row] : old_rows) {
    const auto other = new_rows.find(key);
    if (other == new_rows.end()) {
      add_missing(key, *row, difference);
    } else {
      add_pair(key, *row, *other->second, difference);
    }
  }
  for (const auto& [key, row] : new_rows) {
    if (!old_rows.contains(key)) difference.only_after.push_back(key);
  }
  std::ranges::stable_sort(difference.changes, {}, &Change::relative);
  return difference;
}

bool is_worse(const Difference& difference, const Tolerance& tolerance) {
  if (difference.second_is_wrong || !difference.other_limit.empty()) return true;
  if (!tolerance.missing && !difference.lost.empty()) return true;
  return std::ranges::any_of(difference.changes, [&](const Change& one) { return one.relative() < -tolerance.loss; });
}

std::string table_of(const Difference& difference, double threshold) {
  std::string table = fmt::format("{:>8} {:>8} {:>8}    {}\n", "change", "before", "after", "benchmark");
  int losses = 0, gains = 0;
  for (const Change& change : difference.changes) {
    const bool is_loss = change.relative()<-threshold, is_gain = change.relative()> threshold;
    losses += is_loss ? 1 : 0;
    gains += is_gain ? 1 : 0;
    table += fmt::format("{:>+7.1f}% {:>7.1f}% {:>7.1f}% {}  {}\n", 100 * change.relative(), 100 * change.before,
                         100 * change.after,
                         is_loss   ? '-'
                         : is_gain ? '+'
                                   : ' ',
                         change.key);
  }
  table += section("Lost in the second file", difference.lost);
  table += section("Against another limit, so not to be compared", difference.other_limit);
  table += section("No figure in the first file", difference.without_figure);
  table += section("Only in the second file", difference.only_after);
  table += fmt::format("\n{} compared: {} fell and {} rose by more than {:g} %\n", difference.changes.size(), losses,
                       gains, 100 * threshold);
  if (difference.second_is_wrong) table += "the second file has wrong results\n";
  return table;
}

}  // namespace qkv::bench
