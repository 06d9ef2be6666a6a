// Do parser, canonical form and signature check agree with vectors that others published?
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "jeton/json.hpp"
#include "jeton/key.hpp"
#include "support/catch.hpp"
#include "support/places.hpp"

namespace {

namespace fs = std::filesystem;
using jeton::Json;

fs::path vectors_root() {
  if (const char* named = std::getenv("JETON_PUBLIC_VECTORS")) return named;
  return fs::path(jeton::testing::source_dir) / ".." / "shared" / "data" / "vectors";
}

/// Whether the vectors are on this machine; they are not part of the repository.
bool present(const fs::path& path) {
  if (fs::exists(path)) return true;
  WARN("skipped: no public vectors at '" << path.string() << "'; set JETON_PUBLIC_VECTORS to their directory");
  return false;
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string unhex(const std::string& text) {
  std::string digits;
  std::ranges::copy_if(text, std::back_inserter(digits), [](unsigned char c) { return std::isxdigit(c) != 0; });
  std::string bytes;
  for (std::size_t at = 0; at + 1 < digits.size(); at += 2)
    bytes += static_cast<char>(std::stoi(digits.substr(at, 2), nullptr, 16));
  return bytes;
}

/// Files of JSONTestSuite that RFC 8259 allows and I-JSON (RFC 7493), and so Jeton, does not.
const std::map<std::string, std::string> stricter_than_rfc8259{
    {"y_object_duplicated_key.json", "a name appears twice"},
    {"y_object_duplicated_key_and_value.json", "a name appears twice"},
    {"y_string_escaped_noncharacter.json", "a noncharacter"},
    {"y_string_last_surrogates_1_and_2.json", "a noncharacter"},
    {"y_string_nonCharacterInUTF-8_U+10FFFF.json", "a noncharacter"},
    {"y_string_nonCharacterInUTF-8_U+FFFF.json", "a noncharacter"},
    {"y_string_unicode_U+10FFFE_nonchar.json", "a noncharacter"},
    {"y_string_unicode_U+1FFFE_nonchar.json", "a noncharacter"},
    {"y_string_unicode_U+FDD0_nonchar.json", "a noncharacter"},
    {"y_string_unicode_U+FFFE_nonchar.json", "a noncharacter"},
};

std::string reason(jeton::JsonFault fault) {
  if (fault == jeton::JsonFault::duplicate_name) return "a name appears twice";
  if (fault == jeton::JsonFault::bad_string) return "a noncharacter";
  return "another fault";
}

struct Judged {
  std::set<std::string> accepted;
  std::map<std::string, std::string> refused;  ///< with the reason
};

/// What we say to every file whose name starts so.
Judged judge(const fs::path& directory, const std::string& prefix) {
  Judged judged;
  for (const auto& entry : fs::directory_iterator(directory)) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    const auto parsed = jeton::parse_json_strictly(read(entry.path()));
    if (parsed)
      judged.accepted.insert(name);
    else
      judged.refused.emplace(name, reason(parsed.error().fault));
  }
  return judged;
}

}  // namespace

TEST_CASE("JSONTestSuite texts that must not parse do not") {
  const auto directory = vectors_root() / "json";
  if (!present(directory)) return;
  const auto judged = judge(directory, "n_");
  CHECK(judged.refused.size() > 180);
  CHECK(judged.accepted == std::set<std::string>{});
}

TEST_CASE("JSONTestSuite texts that must parse do unless we are stricter by name") {
  const auto directory = vectors_root() / "json";
  if (!present(directory)) return;
  const auto judged = judge(directory, "y_");
  CHECK(judged.accepted.size() > 70);
  CHECK(judged.refused == stricter_than_rfc8259);
}

TEST_CASE("JSONTestSuite texts that may parse have a canonical form when they do") {
  const auto directory = vectors_root() / "json";
  if (!present(directory)) return;
  for (const auto& entry : fs::directory_iterator(directory)) {
    const auto parsed = jeton::parse_json_strictly(read(entry.path()));
    if (!parsed) continue;
    INFO(entry.path().filename().string());
    const auto once = jeton::canonical_json(*parsed);
    REQUIRE(once);
    const auto again = jeton::parse_json_strictly(*once);
    REQUIRE(again);
    CHECK(jeton::canonical_json(*again) == *once);
  }
}

TEST_CASE("the samples of RFC 8785 have the published bytes") {
  const auto directory = vectors_root() / "jcs";
  if (!present(directory)) return;
  int samples = 0;
  for (const auto& entry : fs::directory_iterator(directory / "input")) {
    const auto name = entry.path().filename();
    INFO(name.string());
    const auto parsed = jeton::parse_json_strictly(read(entry.path()));
    REQUIRE(parsed);
    const auto bytes = jeton::canonical_json(*parsed);
    REQUIRE(bytes);
    CHECK(*bytes == read(directory / "output" / name));
    CHECK(*bytes == unhex(read((directory / "outhex" / name).replace_extension(".txt"))));
    ++samples;
  }
  CHECK(samples == 6);
}

TEST_CASE("Ed25519 signatures are judged as Project Wycheproof judges them") {
  const auto file = vectors_root() / "wycheproof_ed25519_test.json";
  if (!present(file)) return;
  int judged = 0;
  const auto document = Json::parse(read(file));
  for (const auto& group : document.at("testGroups")) {
    std::array<unsigned char, 32> public_key{};
    const auto key_bytes = unhex(group.at("publicKey").at("pk"));
    REQUIRE(key_bytes.size() == public_key.size());
    std::ranges::copy(key_bytes, public_key.begin());
    const jeton::VerifyingKey key(public_key);
    for (const auto& test : group.at("tests")) {
      INFO("tcId " << test.at("tcId"));
      ++judged;
      CHECK(key.verifies(unhex(test.at("msg")), unhex(test.at("sig"))) == (test.at("result") == "valid"));
    }
  }
  CHECK(judged == document.at("numberOfTests").get<int>());
}
