// SPDX-License-Identifier: Apache-2.0
// Caches, tables and positions that must be refused by name, with outputs and pages as they were.
#include <doctest/doctest.h>

#include <cstring>
#include <functional>
#include <memory>

#include "attention/problems.hpp"
#include "kv_cache/attend_cached.hpp"
#include "support/bits.hpp"

namespace qkv_test {
namespace {

constexpr CacheExtents extents{.sequences = 2, .key_heads = 2, .tokens = 96, .key_dim = 6, .value_dim = 5};
constexpr CacheChoice paged{.page_size = 32};

// What is wrong with any call on the cache.
struct CacheFault {
  const char* name;
  std::function<void(qkv_kv_cache&)> spoil;
  const char* message;  // begins so
};

const std::vector<CacheFault>& cache_faults() {
  static const std::vector<CacheFault> faults{
      {"size 0", [](auto& c) { c.size = 0; }, "cache.size = 0"},
      {"a greater size", [](auto& c) { c.size++; }, "cache.size"},
      {"an unknown dtype", [](auto& c) { c.layout.key_dtype = 9; }, "layout.key_dtype = 9"},
      {"bool", [](auto& c) { c.layout.value_dtype = QKV_BOOL; }, "layout.value_dtype = 1"},
      {"negative heads", [](auto& c) { c.layout.key_heads = -1; }, "layout.key_heads = -1"},
      {"a page of 24", [](auto& c) { c.layout.page_size = 24; }, "layout.page_size = 24"},
      {"a page of 0", [](auto& c) { c.layout.page_size = 0; }, "layout.page_size = 0"},
      {"the largest page", [](auto& c) { c.layout.page_size = INT64_MAX - 15; }, "layout"},
      {"the largest dims", [](auto& c) { c.layout.value_dim = INT64_MAX; }, "layout"},
      {"a layout of its own", [](auto& c) { c.layout.tile_bytes -= 64; }, "cache.layout"},
      {"an unknown order", [](auto& c) { c.layout.order = 1; }, "cache.layout"},
      {"a negative page count", [](auto& c) { c.page_count = -1; }, "cache.page_count = -1"},
      {"a page count that overflows", [](auto& c) { c.page_count = INT64_MAX / 64; }, "cache.page_count"},
      {"negative pages", [](auto& c) { c.pages_per_sequence = -1; }, "cache.pages_per_sequence = -1"},
      {"too many pages", [](auto& c) { c.pages_per_sequence = INT64_MAX; }, "cache.page_count"},
      {"a short stride", [](auto& c) { c.page_table_stride = 2; }, "cache.page_table_stride = 2"},
      {"a negative stride", [](auto& c) { c.page_table_stride = -3; }, "cache.page_table_stride = -3"},
      {"a stride that overflows", [](auto& c) { c.page_table_stride = INT64_MAX; }, "cache.page_table_stride"},
      {"no pages", [](auto& c) { c.pages = nullptr; }, "cache.pages.data = NULL"},
      {"pages off a line", [](auto& c) { c.pages = static_cast<char*>(c.pages) + 32; }, "cache.pages"},
      {"pages beyond memory", [](auto& c) { c.pages = reinterpret_cast<void*>(~uintptr_t{63}); }, "cache.pages"},
      {"a table off its element",
       [](auto& c) {
         c.page_table = reinterpret_cast<const int32_t*>(reinterpret_cast<const char*>(c.page_table) + 1);
       },
       "cache.page_table = "},
      {"pages over the table", [](auto& c) { c.page_table = static_cast<const int32_t*>(c.pages); },
       "cache.pages overlaps cache.page_table"},
      {"a pool without the ids", [](auto& c) { c.page_count = 0; }, "cache.page_table[0][0]"},
  };
  return faults;
}

// Calls of every kind on one cache, each with outputs of its own.
struct Calls {
  Calls() : cache(extents, paged) {
    Random random(1);
    tokens = random_tokens(extents, 40, random);
    append(cache, random_tokens(extents, 96, random));
    key = {tokens.key, 4};
    value = {tokens.value, 4};
    problem = gaussian_problem(
        {.batch = 2, .query_heads = 4, .key_heads = 2, .queries = 3, .keys = 96, .key_dim = 6, .value_dim = 5}, 1);
    staged = std::make_unique<StagedAttention>(problem, Staging{});
    appending = {sizeof appending, &cache.cache(), key.view(), value.view(), nullptr, nullptr};
    unpacking = {sizeof unpacking, &cache.cache(), key.view(), value.view(), nullptr, nullptr};
    attending = staged->args();
    attending.key = attending.value = {};
    attending.cache = &cache.cache();
    image = cache.image();
    output = bit_hash(staged->result());
  }

  // function(status of each call)
  void check_refused(const std::string& message) {
    const auto check = [&](const char* name, qkv_status status) {
      const std::string said = qkv_error_message();
      CAPTURE(std::string(name));
      CHECK(status == QKV_INVALID_ARGUMENT);
      CHECK_MESSAGE(said.find(message) == 0, said);
    };
    check("append", execute(kv_append_operation, appending));
    check("unpack", execute(kv_unpack_operation, unpacking));
    check("attention", execute(attention_operation, attending));
    CHECK(cache.image() == image);
    CHECK(key.unchanged());
    CHECK(value.unchanged());
    CHECK(bit_hash(staged->result()) == output);
  }

  StagedCache cache;
  Tokens tokens;
  StagedTensor<float> key, value;
  AttentionProblem problem;
  std::unique_ptr<StagedAttention> staged;
  qkv_kv_append_args appending;
  qkv_kv_unpack_args unpacking;
  qkv_attention_args attending;
  std::vector<std::byte> image;
  uint64_t output;
};

}  // namespace

TEST_CASE("hostile caches are refused by name by every operation") {
  for (const CacheFault& fault : cache_faults()) {
    CAPTURE(std::string(fault.name));
    Calls calls;
    REQUIRE(execute(kv_unpack_operation, calls.unpacking) == QKV_OK);
    calls.key.restore();
    calls.value.restore();
    fault.spoil(calls.cache.cache());
    calls.check_refused(fault.message);
  }
  Calls calls;
  calls.appending.cache = nullptr;
  calls.unpacking.cache = nullptr;
  CHECK(execute(kv_append_operation, calls.appending) == QKV_INVALID_ARGUMENT);
  CHECK(execute(kv_unpack_operation, calls.unpacking) == QKV_INVALID_ARGUMENT);
}

TEST_CASE("hostile tables are refused, and named") {
  const int32_t pages = 9;
  for (int32_t id : {-1, pages, INT32_MIN, INT32_MAX}) {
    for (int64_t sequence : {0, 1}) {
      Calls calls;
      REQUIRE(calls.cache.cache().page_count == pages);
      const int64_t stride = calls.cache.cache().page_table_stride;
      calls.cache.table()[sequence * (stride != 0 ? stride : 3) + 1] = id;
      calls.check_refused("cache.page_table[" + std::to_string(sequence) + "][1] = " + std::to_string(id));
    }
  }
}

TEST_CASE("a contiguous pool that is too small for its sequences is refused") {
  Calls calls;
  calls.cache.cache().page_table = nullptr;
  calls.cache.cache().page_count = 5;
  CHECK(execute(attention_operation, calls.attending) == QKV_INVALID_ARGUMENT);
  CHECK(std::string(qkv_error_message()).find("cache.page_count = 5: sequence 1 needs its page 2") == 0);
  calls.cache.cache().page_count = 6;
  CHECK(execute(attention_operation, calls.attending) == QKV_OK);
}

TEST_CASE("positions and counts beyond the room are refused, and named") {
  struct Case {
    int64_t first, count;
    const char* message;
  };
  for (const Case& wrong : {Case{-1, 1, "first_position[1] = -1"}, Case{57, 40, "first_position[1] = 57"},
                            Case{INT64_MAX, 1, "first_position[1]"}, Case{0, -1, "token_count[1] = -1"},
                            Case{0, 41, "token_count[1] = 41"}, Case{97, 0, "first_position[1] = 97"}}) {
    Calls calls;
    const int64_t first[] = {0, wrong.first}, count[] = {40, wrong.count};
    calls.appending.first_position = calls.unpacking.first_position = first;
    calls.appending.token_count = calls.unpacking.token_count = count;
    CHECK(execute(kv_append_operation, calls.appending) == QKV_INVALID_ARGUMENT);
    CHECK(std::string(qkv_error_message()).find(wrong.message) == 0);
    CHECK(execute(kv_unpack_operation, calls.unpacking) == QKV_INVALID_ARGUMENT);
    CHECK(std::string(qkv_error_message()).find(wrong.message) == 0);
    CHECK(calls.cache.image() == calls.image);
    CHECK(calls.value.unchanged());
  }
}

TEST_CASE("views over the pages or the table are refused") {
  Calls calls;
  auto* pages = static_cast<char*>(calls.cache.cache().pages);
  calls.appending.key.data = pages + 128;
  CHECK(execute(kv_append_operation, calls.appending) == QKV_INVALID_ARGUMENT);
  CHECK(std::string(qkv_error_message()).find("key overlaps cache.pages") == 0);
  calls.unpacking.value.data = calls.cache.table();
  CHECK(execute(kv_unpack_operation, calls.unpacking) == QKV_INVALID_ARGUMENT);
  CHECK(std::string(qkv_error_message()).find("value overlaps cache.page_table") == 0);
  calls.unpacking = {
      sizeof calls.unpacking, &calls.cache.cache(), calls.key.view(), calls.value.view(), nullptr, nullptr};
  calls.unpacking.token_count = reinterpret_cast<int64_t*>(calls.key.data());
  CHECK(execute(kv_unpack_operation, calls.unpacking) == QKV_INVALID_ARGUMENT);
  CHECK(std::string(qkv_error_message()).find("key overlaps token_count") == 0);
  calls.appending.key = calls.key.view();
  calls.appending.first_position = reinterpret_cast<int64_t*>(pages + 64);
  CHECK(execute(kv_append_operation, calls.appending) == QKV_INVALID_ARGUMENT);
  CHECK(std::string(qkv_error_message()).find("first_position overlaps cache.pages") == 0);
  const qkv_tensor output = calls.attending.output;
  calls.attending.output.data = &calls.cache.cache();
  CHECK(execute(attention_operation, calls.attending) == QKV_INVALID_ARGUMENT);
  CHECK(std::string(qkv_error_message()).find("output overlaps cache: ") == 0);
  calls.attending.output = output;
  std::memset(output.data, 0, 4 * sizeof(int64_t));  // counts that would be right
  const auto* numbers = static_cast<const int64_t*>(output.data);
  for (const int64_t** read : {&calls.attending.key_count, &calls.attending.first_query_position}) {
    const int64_t* before = *read;
    *read = numbers;
    CHECK(execute(attention_operation, calls.attending) == QKV_INVALID_ARGUMENT);
    CHECK(std::string(qkv_error_message()).find("output overlaps ") == 0);
    *read = reinterpret_cast<const int64_t*>(reinterpret_cast<const char*>(numbers) + 1);
    CHECK(execute(attention_operation, calls.attending) == QKV_INVALID_ARGUMENT);
    CHECK(std::string(qkv_error_message()).find("not aligned to its element") != std::string::npos);
    *read = before;
  }
  calls.attending.output.data = pages;
  CHECK(execute(attention_operation, calls.attending) == QKV_INVALID_ARGUMENT);
  CHECK(std::string(qkv_error_message()).find("output overlaps cache.pages") == 0);
  CHECK(calls.cache.image() == calls.image);
}

TEST_CASE("attention wants tensors or a cache, and a cache like that of its plan") {
  Calls calls;
  qkv_attention_args args = calls.attending;
  args.value = calls.staged->args().value;
  CHECK(execute(attention_operation, args) == QKV_INVALID_ARGUMENT);
  CHECK(std::string(qkv_error_message()).find("value.rank = 4: must be absent") == 0);
  args = calls.attending;
  args.query.shape[3] = 5;
  CHECK(execute(attention_operation, args) == QKV_INVALID_ARGUMENT);
  CHECK(std::string(qkv_error_message()).find("query.shape[3] = 5") == 0);

  qkv_plan plan;
  REQUIRE(qkv_attention_plan(&calls.attending, &plan) == QKV_OK);
  const Workspace workspace(qkv_plan_describe(&plan, 1).workspace_bytes);
  const auto refused = [&](const qkv_attention_args& other, const char* message) {
    CHECK(qkv_attention_run(&plan, &other, 0, 1, 0, workspace.data()) == QKV_INVALID_ARGUMENT);
    const std::string said = qkv_error_message();
    CHECK_MESSAGE(said.find(message) == 0, said);
  };
  refused(calls.staged->args(), "cache = ");
  qkv_kv_cache other = calls.cache.cache();
  args = calls.attending;
  args.cache = &other;
  other.pages_per_sequence = 2;
  refused(args, "cache.pages_per_sequence = 2");
  other = calls.cache.cache();
  other.layout.value_dtype = QKV_F16;
  REQUIRE(qkv_kv_layout_make(&other.layout) == QKV_OK);
  refused(args, "cache.layout");
}

TEST_CASE("hostile copies are refused, and named") {
  struct Case {
    std::vector<int32_t> from, to;
    int64_t tokens;
    const char* message;
  };
  const std::vector<Case> cases{{{9}, {0}, 0, "from_page[0] = 9"},     {{0}, {-1}, 0, "to_page[0] = -1"},
                                {{0, 1}, {2, 2}, 0, "to_page[0] = 2"}, {{0, 1}, {2, 0}, 0, "to_page[1] = 0"},
                                {{0}, {0}, 0, "to_page[0] = 0"},       {{0}, {1}, 33, "token_count = 33"},
                                {{0}, {1}, -1, "token_count = -1"}};
  for (const Case& wrong : cases) {
    Calls calls;
    qkv_kv_copy_args args{sizeof args,       &calls.cache.cache(), static_cast<int64_t>(wrong.from.size()),
                          wrong.from.data(), wrong.to.data(),      wrong.tokens};
    CHECK(execute(kv_copy_operation, args) == QKV_INVALID_ARGUMENT);
    const std::string said = qkv_error_message();
    CHECK_MESSAGE(said.find(wrong.message) == 0, said);
    args.to_page = nullptr;
    args.token_count = 0;
    CHECK(execute(kv_copy_operation, args) == QKV_INVALID_ARGUMENT);
    CHECK(calls.cache.image() == calls.image);
  }
}

}  // namespace qkv_test
