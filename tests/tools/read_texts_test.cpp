// SPDX-License-Identifier: Apache-2.0
#include "attend/read_texts.hpp"

#include <doctest/doctest.h>

#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tools/support/temporary_folder.hpp"

namespace {

using namespace qkv::tools;
using Strings = std::vector<std::string>;

Strings read(const std::string& name, const std::string& content) {
  const qkv_test::TemporaryFolder folder;
  return read_text_file(folder.write(name, content));
}

}  // namespace

TEST_CASE("read texts: a text per line, with any line end") {
  CHECK(read("a.txt", "one\ntwo\r\n\nfour") == Strings{"one", "two", "", "four"});
  CHECK(read("a.txt", "one\n") == Strings{"one"});
  CHECK(read("a.txt", "").empty());
  std::istringstream stream("one\n\"two\"\n");
  CHECK(read_text_lines(stream, "stream") == Strings{"one", "\"two\""});
}

TEST_CASE("read texts: JSON strings, one per line") {
  CHECK(read("a.jsonl", "\"one\"\n\n  \"t\\nw\\u00f6\"  \r\n\"\"\n") == Strings{"one", "t\nw\u00f6", ""});
  for (const char* wrong : {"one", "\"one\" \"two\"", "[\"one\"]", "7", "null", "\"\\ud800\"", "\"\xff\"", "\"one"}) {
    const std::string content = std::string("\"good\"\n") + wrong + "\n";
    CAPTURE(content);
    CHECK_THROWS_WITH_AS(read("a.jsonl", content), doctest::Contains("a.jsonl\" line 2: "), std::runtime_error);
  }
}

TEST_CASE("read texts: a line that is not UTF-8 is named") {
  CHECK_THROWS_WITH_AS(read("a.txt", "good\ncaf\xe9\n"), doctest::Contains("a.txt\" line 2: not UTF-8 (byte 4)"),
                       std::runtime_error);
}

TEST_CASE("read texts: an endless file ends") {
  CHECK_THROWS_WITH_AS(read_text_file("/dev/zero"), doctest::Contains("\"/dev/zero\": more than 64 MB"),
                       std::runtime_error);
}

TEST_CASE("read texts: a path that is no file is named") {
  CHECK_THROWS_WITH_AS(read_text_file("/nowhere/a.txt"), doctest::Contains("/nowhere/a.txt"), std::runtime_error);
  CHECK_THROWS_WITH_AS(read_text_file("/tmp"), doctest::Contains("/tmp"), std::runtime_error);
}
