// SPDX-License-Identifier: Apache-2.0
// Shape files: what a line means, its name, and every way in which it can be wrong.
#include "problems/shape_file.hpp"

#include <doctest/doctest.h>

#include <string>

#include "problems/models.hpp"
#include "tools/support/temporary_folder.hpp"

using namespace qkv::bench;

static std::string name_of_line(const std::string& line) {
  return name_of(parse_problem(line).shape);
}

static std::string error_of(const std::string& text) {
  try {
    parse_shapes(text, "file.txt");
  } catch (const ShapeError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("shape file: words that are left out take their defaults") {
  const Problem problem = parse_problem("attention heads=8 kv_heads=2 queries=4 keys=64 head_dim=32 value_dim=16");
  const auto& given = std::get<Attention>(problem.shape);
  CHECK(given.batch == 1);
  CHECK(given.kv_heads == 2);
  CHECK(given.keys == 64);
  CHECK(given.value_dim == 16);
  const auto plain = std::get<Attention>(parse_problem("attention heads=8 queries=4 head_dim=32").shape);
  CHECK(plain.kv_heads == 8);
  CHECK(plain.keys == 4);
  CHECK(plain.value_dim == 32);
  CHECK(plain.causal == 0);
  CHECK(plain.window == 0);
  CHECK(plain.position == 0);
}

TEST_CASE("shape file: a name has the words in order and without defaults, and means the same problem") {
  CHECK(name_of_line("attention head_dim=64 causal=1 batch=1 queries=512 keys=512 heads=12 kv_heads=12 value_dim=64") ==
        "attention heads=12 queries=512 head_dim=64 causal=1");
  const char* const names[] = {
      "attention batch=2 heads=8 kv_heads=2 queries=4 keys=64 head_dim=32 value_dim=16 causal=1 window=9 position=60",
      "matmul m=1 n=2 k=3 activation=gelu_tanh bias=1",
      "matmul m=1 n=2 k=3",
      "softmax rows=4 columns=5",
      "norm kind=layer rows=4 columns=5",
      "norm kind=rms rows=4 columns=5",
      "activation kind=silu rows=4 columns=5",
      "embedding entries=3 rows=4 columns=5",
      "position kind=learned rows=4 columns=5",
      "position kind=sinusoidal_halves rows=4 columns=6",
      "activation kind=silu rows=4 columns=5 multiplier=1",
      "rope kind=halves rows=3 heads=2 head_dim=8",
      "rope kind=interleaved rows=3 heads=2 head_dim=8 rotary_dim=4",
      "rope_table rows=3 columns=4"};
  for (const std::string name : names) CHECK(name_of_line(name) == name);
}

TEST_CASE("shape file: comments, blank lines, tabs, and the mark of the short run") {
  const auto problems =
      parse_shapes("# all\n\n softmax\trows=1 columns=2 # two\r\nsoftmax rows=2 columns=2 quick\n", "f");
  REQUIRE(problems.size() == 2);
  CHECK_FALSE(problems[0].quick);
  CHECK(problems[1].quick);
  CHECK(operation_of(problems[1].shape) == std::string("softmax"));
}

TEST_CASE("shape file: an error names file, line and word") {
  const struct {
    const char *line, *message;
  } wrong[] = {
      {"sofmax rows=1 columns=2", R"("sofmax": no such operation)"},
      {"softmax rows=1 columns=2 depth=3", R"("depth": softmax has no such word)"},
      {"softmax rows=1", "columns is missing"},
      {"softmax rows=1 columns", R"("columns": must be word=value)"},
      {"softmax rows=1 rows=1 columns=2", R"("rows": given twice)"},
      {"softmax rows=0 columns=2", R"(rows="0": must be a whole number from 1 to 1073741824)"},
      {"softmax rows=1x columns=2", R"(rows="1x": must be)"},
      {"softmax rows= columns=2", R"(rows="": must be)"},
      {"softmax rows=-3 columns=2", R"(rows="-3": must be)"},
      {"softmax rows=99999999999999999999 columns=2", "must be a whole number"},
      {"attention heads=1 queries=1 head_dim=1 causal=2", R"(causal="2": must be a whole number from 0 to 1)"},
      {"attention heads=3 kv_heads=2 queries=1 head_dim=1", "kv_heads=2 does not divide heads=3"},
      {"norm kind=batch rows=1 columns=1", R"(kind="batch": must be one of layer, rms)"},
      {"norm rows=1 columns=1", "kind is missing"},
      {"matmul m=1 n=1 k=1 activation=elu", "must be one of none, relu, gelu, gelu_tanh, silu"},
      {"position kind=sinusoidal rows=1 columns=5", "columns=5: must be even and at least 2"},
      {"position kind=sinusoidal_halves rows=1 columns=2", "columns=2: must be even and at least 4"},
      {"softmax rows=1073741824 columns=1073741824", "GiB: at most 64"},
      {"softmax rows=1 columns=2 quick quick", R"("quick": nothing may follow quick)"},
      {"softmax rows=1 quick columns=2", R"("columns=2": nothing may follow quick)"},
  };
  for (const auto& one : wrong) {
    const std::string error = error_of("# first\n" + std::string(one.line) + "\n");
    CHECK(error.starts_with("file.txt:2: "));
    CHECK_MESSAGE(error.find(one.message) != std::string::npos, error);
  }
}

TEST_CASE("shape file: the same problem twice, and none at all") {
  CHECK(error_of("softmax rows=1 columns=2\n\nsoftmax columns=2 rows=1\n") ==
        "file.txt:3: the same problem as in line 1");
  CHECK(error_of("# nothing\n") == "file.txt: has no problems");
  CHECK(error_of("") == "file.txt: has no problems");
}

TEST_CASE("shape file: models by name, files by path, a problem of two sources once") {
  const qkv_test::TemporaryFolder folder;
  const std::string path =
      folder.write("own.txt", "norm kind=rms rows=1 columns=4096 quick\nsoftmax rows=3 columns=3\n");
  CHECK(load_shapes(path).size() == 2);
  const auto together = load_shapes(std::vector<std::string>{"llama3_8b", path});
  CHECK(together.size() == load_shapes("llama3_8b").size() + 1);
  CHECK_THROWS_WITH_AS(load_shapes(folder / "absent.txt"), doctest::Contains("absent.txt"), std::runtime_error);
  CHECK_THROWS_WITH_AS(load_shapes(folder.path().string()), doctest::Contains("no readable file"), std::runtime_error);
}
