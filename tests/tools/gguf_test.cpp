// SPDX-License-Identifier: Apache-2.0
// What a well-formed GGUF file says, and that hostile ones give a std::runtime_error of one line: never a crash, never
// a large allocation.
#include "model/gguf.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/random.hpp"
#include "text/utf8.hpp"
#include "tools/support/gguf_writer.hpp"
#include "tools/support/largest_allocation.hpp"
#include "tools/support/temporary_folder.hpp"

namespace {

using namespace qkv::tools;
using namespace qkv_test;
namespace type = gguf_value_type;

// A reader that trusts no size allocates little more than the file; a hostile size asks for gigabytes.
constexpr std::size_t modest_allocation = std::size_t{1} << 20;
constexpr std::uint64_t huge = std::uint64_t{1} << 63;
constexpr std::uint32_t f32 = 0, q8_0 = 8;

// Its data ends with the last tensor, so that no byte of the file is idle.
GgufWriter good_file() {
  GgufWriter file;
  file.value("general.architecture", "llama").value("llama.block_count", 2U).value("rope", 0.5F).value("add", true);
  file.value("tokens", std::vector<std::string>{"a", "", "bc"}).value("kinds", std::vector<std::int32_t>{3, -1});
  file.value("scores", std::vector<float>{0.25F});
  file.tensor("a", {2, 3}, std::array<float, 6>{1, 2, 3, 4, 5, 6});
  file.tensor("b", TensorType::q8_0, {2, 32}, std::string(68, '\1'));
  return file;
}

// What a reader says: "" if it takes the file and every tensor in it.
std::string complaint(const std::string& bytes) {
  reset_largest_allocation();
  std::string what;
  try {
    const Gguf file = open_gguf(bytes);
    for (const auto& [name, tensor] : file.tensors()) {
      std::int64_t elements = 1;
      for (const std::int64_t extent : tensor.shape) elements *= extent;
      CHECK(file.read_f32(tensor).size() == static_cast<std::size_t>(elements));
    }
  } catch (const std::runtime_error& error) {
    what = error.what();
    CHECK(what.starts_with("\"test\": "));
    CHECK(what.find('\n') == std::string::npos);
    CHECK(!invalid_utf8(what));
    CHECK(what.size() < 500);
  }
  CHECK(largest_allocation() < modest_allocation);
  return what;
}

std::string value_complaint(std::uint32_t number, const std::string& bytes) {
  return complaint(GgufWriter().raw_value("key", number, bytes).bytes());
}

std::string list(std::uint32_t element, std::uint64_t count, const std::string& bytes) {
  return little_endian(element, 4) + little_endian(count, 8) + bytes;
}

}  // namespace

TEST_CASE("gguf: a well-formed file") {
  const Gguf file = open_gguf(good_file().bytes());
  const GgufMetadata& metadata = file.metadata();
  CHECK(metadata.values().size() == 7);
  CHECK(metadata.get<std::string>("general.architecture") == "llama");
  CHECK(metadata.get<std::int64_t>("llama.block_count") == 2);
  CHECK(metadata.get<double>("rope") == 0.5);
  CHECK(metadata.get<bool>("add"));
  CHECK(metadata.get<std::vector<std::string>>("tokens") == std::vector<std::string>{"a", "", "bc"});
  CHECK(metadata.get<std::vector<std::int64_t>>("kinds") == std::vector<std::int64_t>{3, -1});
  CHECK(metadata.get<std::vector<double>>("scores") == std::vector<double>{0.25});

  const GgufTensor& a = file.tensor("a", std::array<std::int64_t, 2>{2, 3});
  CHECK(file.read_f32(a) == std::vector<float>{1, 2, 3, 4, 5, 6});
  const GgufTensor& b = file.tensors().at("b");
  CHECK(b.type == TensorType::q8_0);
  CHECK(b.bytes == 68);
  std::vector<std::byte> raw(b.bytes);
  file.read(b, raw);
  CHECK(raw == std::vector<std::byte>(68, std::byte{1}));
}

TEST_CASE("gguf: nothing but a header, version 2, another alignment") {
  CHECK(complaint(GgufWriter().bytes()).empty());
  GgufWriter file;
  file.version = 2;
  file.alignment = 8;
  file.value("general.alignment", 8U).tensor("a", {1}, std::array{1.0F}).tensor("b", {0, 4}, {});
  file.tensor("c", {1}, std::array{2.0F});
  const Gguf read = open_gguf(file.bytes());
  CHECK(read.tensors().at("c").begin == 8);
  CHECK(read.read_f32(read.tensors().at("c")) == std::vector<float>{2});
  CHECK(read.read_f32(read.tensors().at("b")).empty());
}

TEST_CASE("gguf: integers and floats of every width") {
  const auto number = [](std::uint32_t value_type, const std::string& bytes) {
    return open_gguf(GgufWriter().raw_value("n", value_type, bytes).bytes()).metadata().values().at("n");
  };
  CHECK(number(type::u8, "\xff") == GgufValue(std::int64_t{255}));
  CHECK(number(type::i8, "\xff") == GgufValue(std::int64_t{-1}));
  CHECK(number(type::u16, "\xff\xff") == GgufValue(std::int64_t{65535}));
  CHECK(number(type::i16, "\xfe\xff") == GgufValue(std::int64_t{-2}));
  CHECK(number(type::u32, "\xff\xff\xff\xff") == GgufValue(std::int64_t{4294967295}));
  CHECK(number(type::i32, "\xff\xff\xff\xff") == GgufValue(std::int64_t{-1}));
  CHECK(number(type::i64, little_endian(~std::uint64_t{0}, 8)) == GgufValue(std::int64_t{-1}));
  CHECK(number(type::u64, little_endian(huge - 1, 8)) == GgufValue(static_cast<std::int64_t>(huge - 1)));
  CHECK(number(type::u64, little_endian(huge, 8)) == GgufValue(huge));
  CHECK(number(type::f64, little_endian(0x3FF8000000000000, 8)) == GgufValue(1.5));
  CHECK(number(type::array, list(type::boolean, 2, std::string("\1\0", 2))) == GgufValue(std::vector{true, false}));
  CHECK(number(type::array, list(type::u16, 1, "\1\1")) == GgufValue(std::vector<std::int64_t>{257}));
}

TEST_CASE("gguf: another kind of value, another shape, nothing of that name") {
  const Gguf file = open_gguf(good_file().bytes());
  CHECK(file.metadata().find<bool>("absent") == nullptr);
  CHECK_THROWS_WITH(file.metadata().get<bool>("absent"), "there is no absent");
  CHECK_THROWS_WITH(file.metadata().get<bool>("rope"), "rope is a number, needed is true or false");
  CHECK_THROWS_WITH(file.tensor("a", std::array<std::int64_t, 2>{3, 2}),
                    "\"test\": tensor \"a\" has shape [2, 3], needed is [3, 2]");
  CHECK_THROWS_WITH(file.tensor("x", {}), "\"test\": no tensor \"x\"");
}

TEST_CASE("gguf: cut off anywhere") {
  const std::string bytes = good_file().bytes();
  REQUIRE(complaint(bytes).empty());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK(!complaint(bytes.substr(0, size)).empty());
  }
}

TEST_CASE("gguf: any one bit of the header flipped, and random bytes in it") {
  const std::string bytes = good_file().bytes();
  const std::size_t header = bytes.size() - 100;
  int refused = 0;
  for (std::size_t bit = 0; bit < header * 8; ++bit) {
    CAPTURE(bit);
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    if (!complaint(flipped).empty()) ++refused;
  }
  CHECK(refused > 1000);  // the rest changes names or numbers

  Random random(base_seed());
  for (std::int64_t i = case_count(5000); i > 0; --i) {
    CAPTURE(i);
    std::string mutated = bytes;
    for (std::int64_t edits = random.integer(1, 6); edits > 0; --edits)
      mutated[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(bytes.size()) - 1))] =
          static_cast<char>(random.chance(0.5) ? random.integer(0, 12) : random.integer(0, 255));
    complaint(mutated);
  }
}

TEST_CASE("gguf: no GGUF file at all") {
  for (const std::string& bytes : {std::string(), std::string("GGU"), std::string("GGUF"), std::string(100, '\0'),
                                   std::string("FUGG") + std::string(100, '\0')})
    CHECK(!complaint(bytes).empty());
  for (const std::uint32_t version : {0U, 1U, 4U, 0x03000000U}) {
    GgufWriter file = good_file();
    file.version = version;
    CHECK(complaint(file.bytes()).find("version") != std::string::npos);
  }
}

TEST_CASE("gguf: counts and lengths that lie") {
  for (const std::uint64_t count :
       {std::uint64_t{1} << 20, std::uint64_t{1} << 32, huge, huge - 1, ~std::uint64_t{0}}) {
    CAPTURE(count);
    CHECK(!complaint(good_file().bytes(count, 7)).empty());
    CHECK(!complaint(good_file().bytes(2, count)).empty());
    CHECK(!value_complaint(type::text, little_endian(count, 8) + "x").empty());
    for (std::uint32_t element = type::u8; element <= type::f64; ++element)
      CHECK(!value_complaint(type::array, list(element, count, std::string(64, '\0'))).empty());
    CHECK(!complaint("GGUF" + little_endian(3, 4) + little_endian(0, 8) + little_endian(1, 8) +
                     little_endian(count, 8) + std::string(64, 'k'))
               .empty());
  }
  CHECK(!complaint(good_file().bytes(2, 6)).empty());
}

TEST_CASE("gguf: values that the format does not have, or that are not taken") {
  CHECK(value_complaint(13, std::string(16, '\0')).find("no type 13") != std::string::npos);
  CHECK(!value_complaint(~0U, std::string(16, '\0')).empty());
  CHECK(!value_complaint(type::array, list(13, 1, std::string(16, '\0'))).empty());
  CHECK(!value_complaint(type::boolean, "\2").empty());
  CHECK(!value_complaint(type::array, list(type::boolean, 1, "\2")).empty());
  CHECK(!value_complaint(type::array, list(type::u64, 1, little_endian(huge, 8))).empty());
  std::string nested = list(type::u8, 1, "\0");
  for (int depth = 0; depth < 1000; ++depth) nested = list(type::array, 1, nested);
  CHECK(value_complaint(type::array, nested).find("lists of lists") != std::string::npos);
}

TEST_CASE("gguf: names twice, not UTF-8, or long") {
  CHECK(complaint(good_file().value("add", true).bytes()).find("\"add\" twice") != std::string::npos);
  CHECK(complaint(GgufWriter().raw_tensor("a", {0}, f32, 0).raw_tensor("a", {0}, f32, 0).bytes()).find("twice") !=
        std::string::npos);
  CHECK(complaint(GgufWriter().value("caf\xe9", true).bytes()).find("not UTF-8") != std::string::npos);
  CHECK(complaint(GgufWriter().raw_tensor("\xff", {0}, f32, 0).bytes()).find("not UTF-8") != std::string::npos);
  CHECK(complaint(GgufWriter().raw_value(std::string(1000, 'n') + "\n", 99, "").bytes()).find("nnn") !=
        std::string::npos);
}

TEST_CASE("gguf: tensors with impossible types, shapes and places") {
  const auto tensor_complaint = [](const std::vector<std::uint64_t>& extents, std::uint32_t number,
                                   std::uint64_t offset) {
    return complaint(GgufWriter().raw_tensor("t", extents, number, offset).data(std::string(256, '\0')).bytes());
  };
  CHECK(tensor_complaint({64}, f32, 0).empty());
  CHECK(tensor_complaint({64}, q8_0, 32).empty());
  CHECK(tensor_complaint({1, 1, 1, 64}, f32, 0).empty());
  CHECK(tensor_complaint({32}, 13, 0).find("type 13 is not supported") != std::string::npos);
  CHECK(!tensor_complaint({32}, ~0U, 0).empty());
  CHECK(!tensor_complaint({}, f32, 0).empty());
  CHECK(!tensor_complaint({1, 1, 1, 1, 1}, f32, 0).empty());
  CHECK(!tensor_complaint({65}, f32, 0).empty());
  CHECK(!tensor_complaint({16, 2}, q8_0, 0).empty());  // rows of half a block
  CHECK(!tensor_complaint({64}, f32, 32).empty());
  CHECK(!tensor_complaint({1}, f32, 4).empty());
  CHECK(!tensor_complaint({1}, f32, 256).empty());
  CHECK(!tensor_complaint({0}, f32, 288).empty());
  CHECK(!tensor_complaint({16}, f32, ~std::uint64_t{0} - 63).empty());  // its end is byte 0 of 2^64
  for (const std::uint64_t large : {std::uint64_t{1} << 40, std::uint64_t{1} << 62, huge, ~std::uint64_t{0} - 31}) {
    CAPTURE(large);
    CHECK(!tensor_complaint({large}, f32, 0).empty());
    CHECK(!tensor_complaint({large}, q8_0, 0).empty());
    CHECK(!tensor_complaint({large, large}, f32, 0).empty());
    CHECK(!tensor_complaint({large, large, 0}, f32, 0).empty());
    CHECK(!tensor_complaint({1}, f32, large).empty());
  }
}

TEST_CASE("gguf: tensors that overlap") {
  const auto two = [](std::uint64_t second) {
    GgufWriter file;
    file.raw_tensor("a", {16}, f32, 64).raw_tensor("b", {16}, f32, second).data(std::string(256, '\0'));
    return complaint(file.bytes());
  };
  CHECK(two(0).empty());
  CHECK(two(128).empty());
  CHECK(two(192).empty());  // a hole is no harm
  for (const std::uint64_t second : {32U, 64U, 96U}) CHECK(two(second).find("overlap") != std::string::npos);
}

TEST_CASE("gguf: alignments that are none") {
  for (const std::uint32_t alignment : {0U, 1U, 4U, 24U, 33U, 0xFFFFFFFFU})
    CHECK(!complaint(GgufWriter().value("general.alignment", alignment).bytes()).empty());
  CHECK(!complaint(GgufWriter().value("general.alignment", "32").bytes()).empty());
  CHECK(!complaint(GgufWriter().value("general.alignment", 1U << 31).raw_tensor("t", {1}, f32, 0).bytes()).empty());
}

TEST_CASE("gguf: the path is named when it is no file") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH_AS(Gguf::from_file(folder / "absent"), doctest::Contains("absent"), std::runtime_error);
  CHECK_THROWS_AS(Gguf::from_file(folder.path()), std::runtime_error);
  CHECK_THROWS_AS(Gguf::from_file("/dev/zero"), std::runtime_error);
  CHECK(Gguf::from_file(folder.write("good", good_file().bytes())).tensors().size() == 2);
}
