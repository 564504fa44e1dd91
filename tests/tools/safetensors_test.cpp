// SPDX-License-Identifier: Apache-2.0
// Hostile safetensors files give a std::runtime_error of one line: never a crash, never a large allocation.
#include "model/safetensors.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/random.hpp"
#include "tools/support/largest_allocation.hpp"
#include "tools/support/safetensors_file.hpp"
#include "tools/support/temporary_folder.hpp"

namespace {

using namespace qkv::tools;
using namespace qkv_test;

// A reader that trusts no size allocates little more than the file; a hostile size asks for gigabytes.
constexpr std::size_t modest_allocation = std::size_t{8} << 20;

const std::string good_header =
    R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
    R"("b":{"dtype":"F32","shape":[],"data_offsets":[24,28]},"c":{"dtype":"I64","shape":[1],"data_offsets":[28,36]}})";
const std::string good_data = [] {
  const std::array<float, 7> values = {1, 2, 3, 4, 5, 6, 7};
  std::string data(36, '\0');
  std::memcpy(data.data(), values.data(), sizeof values);
  return data;
}();

// What a reader says: "" if it takes the file and every f32 tensor in it.
std::string complaint(const std::string& bytes) {
  reset_largest_allocation();
  std::string what;
  try {
    const Safetensors file = open_safetensors(bytes);
    for (const auto& [name, tensor] : file.tensors())
      if (tensor.dtype == "F32") CHECK(file.read_f32(name, tensor.shape).size() * 4 == tensor.end - tensor.begin);
  } catch (const std::runtime_error& error) {
    what = error.what();
    CHECK(what.starts_with("\"test\": "));
    CHECK(what.find('\n') == std::string::npos);
    CHECK(what.size() < 500);
  }
  CHECK(largest_allocation() < modest_allocation);
  return what;
}

std::string header_complaint(const std::string& header) {
  return complaint(safetensors_bytes(header, good_data));
}

}  // namespace

TEST_CASE("safetensors: a well-formed file") {
  const Safetensors file = open_safetensors(safetensors_bytes(good_header, good_data));
  CHECK(file.tensors().size() == 3);
  CHECK(file.read_f32("a", std::array<std::int64_t, 2>{2, 3}) == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(file.read_f32("b", {}) == std::vector<float>{7});
  CHECK(complaint(safetensors_bytes("{}", "")).empty());
  CHECK(complaint(safetensors_bytes(good_header + "   ", good_data)).empty());
}

TEST_CASE("safetensors: another dtype, another shape, no such tensor") {
  const Safetensors file = open_safetensors(safetensors_bytes(good_header, good_data));
  CHECK_THROWS_WITH_AS(file.read_f32("c", std::array<std::int64_t, 1>{1}), doctest::Contains("needed is F32"),
                       std::runtime_error);
  CHECK_THROWS_WITH_AS(file.read_f32("a", std::array<std::int64_t, 2>{3, 2}), doctest::Contains("has shape [2, 3]"),
                       std::runtime_error);
  CHECK_THROWS_WITH_AS(file.read_f32("d", {}), doctest::Contains("no tensor \"d\""), std::runtime_error);
}

TEST_CASE("safetensors: cut off anywhere, or with bytes too many") {
  const std::string bytes = safetensors_bytes(good_header, good_data);
  REQUIRE(complaint(bytes).empty());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK(!complaint(bytes.substr(0, size)).empty());
  }
  CHECK(!complaint(bytes + "x").empty());
}

TEST_CASE("safetensors: any one bit flipped") {
  const std::string bytes = safetensors_bytes(good_header, good_data);
  int refused = 0;
  for (std::size_t bit = 0; bit < (8 + good_header.size()) * 8; ++bit) {
    CAPTURE(bit);
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    if (!complaint(flipped).empty()) ++refused;
  }
  CHECK(refused > 1000);  // the rest changes names or metadata
}

TEST_CASE("safetensors: random bytes in the header") {
  Random random(base_seed());
  const std::string alphabet = R"({}[]",:0123456789eE-+.\ abdtypeshapeF32data_offsets)";
  const std::vector<char> characters(alphabet.begin(), alphabet.end());
  for (std::int64_t i = case_count(5000); i > 0; --i) {
    std::string header = good_header;
    for (std::int64_t edits = random.integer(1, 6); edits > 0; --edits)
      header[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(header.size()) - 1))] =
          random.pick(characters);
    CAPTURE(header);
    header_complaint(header);
  }
}

TEST_CASE("safetensors: lengths of the header that lie") {
  for (const std::uint64_t length : {std::uint64_t{0}, std::uint64_t{1}, good_header.size() - 1, good_header.size() + 1,
                                     std::uint64_t{1} << 20, (std::uint64_t{1} << 20) + 1, std::uint64_t{1} << 32,
                                     std::uint64_t{1} << 63, ~std::uint64_t{0} - 7, ~std::uint64_t{0}}) {
    CAPTURE(length);
    CHECK(!complaint(safetensors_bytes(length, good_header, good_data)).empty());
  }
}

TEST_CASE("safetensors: tensors that overlap, leave holes or lie outside") {
  const auto two = [](const std::string& first, const std::string& second) {
    return header_complaint(R"({"a":{"dtype":"F32","shape":)" + first + R"(},"b":{"dtype":"F32","shape":)" + second +
                            "}}");
  };
  CHECK(two(R"([4],"data_offsets":[0,16])", R"([5],"data_offsets":[16,36])").empty());
  for (const char* second :
       {R"([5],"data_offsets":[12,32])", R"([4],"data_offsets":[20,36])", R"([6],"data_offsets":[16,40])",
        R"([5],"data_offsets":[15,35])", R"([4],"data_offsets":[16,32])", R"([9],"data_offsets":[0,36])"}) {
    CAPTURE(second);
    CHECK(!two(R"([4],"data_offsets":[0,16])", second).empty());
  }
}

TEST_CASE("safetensors: shapes and offsets that no file can have") {
  for (const char* fields : {
           R"("dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,36])",
           R"("dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,36])",
           R"("dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,36])",
           R"("dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0])",
           R"("dtype":"F32","shape":[-9],"data_offsets":[0,36])",
           R"("dtype":"F32","shape":[9.0],"data_offsets":[0,36])",
           R"("dtype":"F32","shape":["9"],"data_offsets":[0,36])",
           R"("dtype":"F32","shape":9,"data_offsets":[0,36])",
           R"("dtype":"F32","shape":[[9]],"data_offsets":[0,36])",
           R"("dtype":"F32","shape":[9],"data_offsets":[36,0])",
           R"("dtype":"F32","shape":[9],"data_offsets":[0,36,72])",
           R"("dtype":"F32","shape":[9],"data_offsets":[36])",
           R"("dtype":"F32","shape":[9],"data_offsets":[0,18446744073709551615])",
           R"("dtype":"F32","shape":[9],"data_offsets":[18446744073709551580,0])",
           R"("dtype":"F32","shape":[9],"data_offsets":{"0":36})",
           R"("dtype":"F33","shape":[9],"data_offsets":[0,36])",
           R"("dtype":32,"shape":[9],"data_offsets":[0,36])",
           R"("dtype":"I64","shape":[9],"data_offsets":[0,36])",
           R"("shape":[9],"data_offsets":[0,36])",
           R"("dtype":"F32","data_offsets":[0,36])",
           R"("dtype":"F32","shape":[9])",
       }) {
    CAPTURE(fields);
    CHECK(!header_complaint("{\"a\":{" + std::string(fields) + "}}").empty());
  }
}

TEST_CASE("safetensors: headers that are no JSON object of objects") {
  for (const char* header : {"", " ", "[]", "null", "7", "\"a\"", "{", "{\"a\":}", "{\"a\":7}", "{\"a\":null}",
                             "{\"a\":[]}", "{\"a\":{}} x", "{\"\xFF\":{}}", "{\"a\":1e999}", "\xEF\xBB\xBF"})
    CHECK(!header_complaint(header).empty());
}

TEST_CASE("safetensors: JSON nested deeper than any header") {
  for (const std::size_t depth : std::initializer_list<std::size_t>{5, 1000, 500000}) {
    const std::string lists = std::string(depth, '[') + std::string(depth, ']');
    std::string objects;
    for (std::size_t i = 0; i < depth / 5; ++i) objects += "{\"a\":";
    for (const std::string& nested : {lists, std::string(depth, '['), objects}) {
      CHECK(!header_complaint(nested).empty());
      CHECK(!header_complaint("{\"__metadata__\":" + nested + "}").empty());
    }
  }
}

TEST_CASE("safetensors: hostile names stay on one short line") {
  const std::string name = std::string(1000, 'n') + R"(\n\u0007\u2028)";
  const std::string what = header_complaint("{\"" + name + "\":{\"dtype\":\"F32\"}}");
  CHECK(what.find("nnn") != std::string::npos);
}

TEST_CASE("safetensors: the path is named when it is no file") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH_AS(Safetensors::from_file(folder / "absent"), doctest::Contains("absent"), std::runtime_error);
  CHECK_THROWS_AS(Safetensors::from_file(folder.path()), std::runtime_error);
  CHECK_THROWS_AS(Safetensors::from_file("/dev/zero"), std::runtime_error);
  CHECK(Safetensors::from_file(folder.write("good", safetensors_bytes(good_header, good_data))).tensors().size() == 3);
}
