// SPDX-License-Identifier: Apache-2.0
// Rows as JSON, files of results, and their comparison.
#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include "command/progress.hpp"
#include "result_files/diff.hpp"
#include "result_files/result_file.hpp"
#include "tools/support/temporary_folder.hpp"

using namespace qkv::bench;

namespace {

Row sample_row(const std::string& shape = "softmax rows=1 columns=2", double ratio = 0.5) {
  Row row;
  row.engine_version = "1.2.3";
  row.op = "softmax";
  row.isa = "avx2";
  row.shape = shape;
  row.cache = "hot";
  row.rate = 1e9;
  row.limit = 2e9;
  row.unit = "bytes/s";
  row.limit_name = "read L1";
  row.ratio = ratio;
  row.kept = 9;
  row.repetitions = 11;
  row.flops = 10;
  row.bytes = 16;
  row.seconds = 1e-6;
  row.kernel = "softmax.f32@avx2";
  row.error = 1e-7;
  return row;
}

Row noisy_row(const std::string& shape) {
  Row row = sample_row(shape);
  row.ratio.reset();
  row.note = "too noisy";
  return row;
}

std::string file_of(const std::vector<Row>& rows) {
  Results results;
  results.rows = rows;
  return to_json(results).dump();
}

}  // namespace

TEST_CASE("row: JSON and back") {
  const Row row = sample_row();
  const auto json = to_json(row);
  CHECK(json["engine"] == "qkv");
  CHECK(json["ratio"] == 0.5);
  CHECK(json["kept"] == 9);
  CHECK(json["causal"] == false);
  CHECK(to_json(row_from_json(json)) == json);
}

TEST_CASE("row: without a figure rate and ratio are null, and a NaN is none either") {
  Row row = sample_row();
  row.ratio.reset();
  row.error = std::numeric_limits<double>::quiet_NaN();
  const auto json = to_json(row);
  CHECK(json["ratio"].is_null());
  CHECK(json["error"].is_null());
  CHECK_FALSE(row_from_json(json).ratio.has_value());
}

TEST_CASE("row: what is missing or of another type is named") {
  auto json = to_json(sample_row());
  json.erase("shape");
  CHECK_THROWS_WITH(row_from_json(json), R"(a row has no "shape")");
  json = to_json(sample_row());
  json["ratio"] = "fast";
  CHECK_THROWS_WITH(row_from_json(json), R"("ratio" of a row is "fast")");
  CHECK_THROWS_WITH(row_from_json(nlohmann::json::array()), "a row is no object");
}

TEST_CASE("row: rows of other engines need not have every member") {
  const auto row = row_from_json(nlohmann::json::parse(
      R"({"engine":"blis","op":"matmul","isa":"","threads":2,"shape":"matmul m=1 n=1 k=1","ratio":null,"extra":1})"));
  CHECK(row.engine == "blis");
  CHECK(row.threads == 2);
}

TEST_CASE("result file: the machine, peaks and rows; read back") {
  const qkv_test::TemporaryFolder folder;
  Results results;
  results.peaks["fma avx2"] = {{1, 1e11}, {2, 2e11}};
  results.rows = {sample_row()};
  const auto json = to_json(results);
  CHECK(json["peaks"]["fma avx2"]["2"] == 2e11);
  CHECK(json["cpu"]["cores"].get<int>() >= 1);
  CHECK(json["interrupted"] == false);
  const std::vector<Row> rows = read_rows(folder.write("a.json", json.dump()));
  REQUIRE(rows.size() == 1);
  CHECK(key_of(rows[0]) == key_of(results.rows[0]));
}

TEST_CASE("result file: a file that is none is named with what is wrong") {
  const qkv_test::TemporaryFolder folder;
  CHECK_THROWS_WITH(read_rows(folder / "none.json"), doctest::Contains("none.json\": cannot be read"));
  CHECK_THROWS_WITH(read_rows(folder.write("a", "{")), doctest::Contains("is no JSON"));
  CHECK_THROWS_WITH(read_rows(folder.write("b", "[]")), doctest::Contains("has no array \"rows\""));
  CHECK_THROWS_WITH(read_rows(folder.write("c", R"({"rows":[{}]})")), doctest::Contains("a row has no \"engine\""));
  const std::string twice = file_of({sample_row(), sample_row()});
  CHECK_THROWS_WITH(read_rows(folder.write("d", twice)), doctest::Contains("two rows for qkv softmax"));
}

TEST_CASE("diff: sorted by change, the greatest loss first") {
  const Difference difference = difference_of({sample_row("a", 0.5), sample_row("b", 0.5), sample_row("c", 0.5)},
                                              {sample_row("a", 0.6), sample_row("b", 0.4), sample_row("c", 0.5)});
  REQUIRE(difference.changes.size() == 3);
  CHECK(difference.changes[0].key.ends_with("| b"));
  CHECK(difference.changes[0].relative() == doctest::Approx(-0.2));
  CHECK(difference.changes[2].key.ends_with("| a"));
  CHECK(is_worse(difference, {0.03}));
  CHECK_FALSE(is_worse(difference, {0.21}));
  CHECK(table_of(difference, 0.03).find("3 compared: 1 fell and 1 rose by more than 3 %") != std::string::npos);
}

TEST_CASE("diff: the key tells apart isa, threads, cache and engine") {
  Row other = sample_row();
  for (std::string Row::*member : {&Row::isa, &Row::cache, &Row::engine, &Row::dtype, &Row::op}) {
    Row changed = sample_row();
    changed.*member = "other";
    CHECK(key_of(changed) != key_of(sample_row()));
  }
  other.threads = 2;
  CHECK(key_of(other) != key_of(sample_row()));
}

TEST_CASE("diff: a figure that is no more is a loss, unless that is allowed") {
  const Difference difference =
      difference_of({sample_row("gone"), sample_row("noisy")}, {noisy_row("noisy"), sample_row("new")});
  CHECK(difference.changes.empty());
  REQUIRE(difference.lost.size() == 2);
  CHECK(is_worse(difference, {0.03}));
  CHECK_FALSE(is_worse(difference, {0.03, true}));
  const std::string table = table_of(difference, 0.03);
  CHECK(table.find("Lost in the second file:\n  qkv softmax f32 avx2 1 hot | gone (is not there)\n") !=
        std::string::npos);
  CHECK(table.find("| noisy (too noisy)\n") != std::string::npos);
}

TEST_CASE("diff: what had no figure before is told and is no loss") {
  const Difference difference =
      difference_of({noisy_row("noisy"), noisy_row("gone")}, {sample_row("noisy"), sample_row("new")});
  CHECK(difference.lost.empty());
  CHECK(difference.only_after.size() == 1);
  REQUIRE(difference.without_figure.size() == 2);
  CHECK(difference.without_figure[1].find("(too noisy; has a figure)") != std::string::npos);
  CHECK_FALSE(is_worse(difference, {0.03}));
}

TEST_CASE("diff: ratios to another limit, or in another unit, are not compared and are a loss") {
  Row other_limit = sample_row(), other_unit = sample_row();
  other_limit.limit_name = "fma avx2";
  other_unit.unit = "FLOP/s";
  for (const Row& changed : {other_limit, other_unit}) {
    const Difference difference = difference_of({sample_row()}, {changed});
    CHECK(difference.changes.empty());
    REQUIRE(difference.other_limit.size() == 1);
    CHECK(is_worse(difference, {0.9, true}));
  }
  CHECK(
      table_of(difference_of({sample_row()}, {other_limit}), 0.03).find("(read L1 in bytes/s; fma avx2 in bytes/s)") !=
      std::string::npos);
}

TEST_CASE("diff: a result that is wrong now is worse, whatever the ratios") {
  Row wrong = sample_row();
  wrong.ratio.reset();
  wrong.wrong = true;
  CHECK(is_worse(difference_of({sample_row()}, {wrong}), {0.9, true}));
}

TEST_CASE("progress: what a line says") {
  CHECK(summary_of(sample_row()) == " 50.0 % of read L1         1.0 GB/s     9 of 11 kept");
  Row noisy = sample_row();
  noisy.ratio.reset();
  noisy.note = "too noisy";
  CHECK(summary_of(noisy) == "too noisy");
  CHECK(duration_text(12.2) == "13 s");
  CHECK(duration_text(125) == "2 min 5 s");
}
