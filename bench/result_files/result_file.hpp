// SPDX-License-Identifier: Apache-2.0
// A file of results: the machine, its measured limits, and rows.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "result_files/row.hpp"

namespace qkv::bench {

struct Results {
  std::map<std::string, std::map<int, double>> peaks;  // "fma avx512": best rate by threads
  std::vector<Row> rows;
  bool interrupted = false;
};

// With the CPU, the date, the version of the library and the compiler.
nlohmann::ordered_json to_json(const Results& results);

// Throws std::runtime_error naming the file and what is wrong in it. Two rows of one key are wrong.
std::vector<Row> read_rows(const std::string& path);

}  // namespace qkv::bench
