// Which selectors are refused at start, and whom does a set of them match?
#include "attest/selector.hpp"

#include "support/catch.hpp"

namespace jeton {
namespace {

const std::string some_hash(64, 'a');

Caller billing() {
  Caller caller;
  caller.uid = 1001;
  caller.gid = 1002;
  caller.exe = "/usr/bin/billing";
  caller.unit = "billing.service";
  caller.socket = "/run/jeton/agent.sock";
  return caller;
}

SelectorSet set_of(const std::vector<std::string>& texts) {
  auto set = SelectorSet::parse(texts);
  REQUIRE(set);
  return *set;
}

}  // namespace

TEST_CASE("selectors that could never match are refused") {
  const auto text = GENERATE_COPY(
      as<std::string>{}, "", "uid:1", "unix:user:root", "unix:uid", "docker:label:a:b", " unix:uid:1", "UNIX:uid:1",
      "unix:uid:", "unix:uid:-1", "unix:uid:+1", "unix:uid:01", "unix:uid:0x1", "unix:uid:1 ", "unix:uid:root",
      "unix:uid:4294967295", "unix:uid:4294967296", "unix:gid:99999999999999999999", "unix:path:", "unix:path:/",
      "unix:path:bin/a", "unix:path:/bin/../a", "unix:path:/bin/./a", "unix:path://a", "unix:path:/bin/",
      "unix:sha256:", "unix:sha256:" + std::string(63, 'a'), "unix:sha256:" + std::string(65, 'a'),
      "unix:sha256:" + std::string(64, 'A'), "systemd:id:", "systemd:id:crm", "systemd:id:session-3.scope",
      "systemd:id:a/crm.service", "jeton:socket:", "jeton:socket:@abstract", "jeton:socket:run/x.sock",
      "jeton:socket:/" + std::string(107, 'a'));
  CAPTURE(text);

  const auto selector = Selector::parse(text);

  REQUIRE_FALSE(selector);
  CHECK(selector.error().code == Code::bad_request);
  CHECK(selector.error().message.find("write ") != std::string::npos);
}

TEST_CASE("a refused selector is shown on one line and not at any length") {
  const auto selector = Selector::parse("odd\n\x1b[2J" + std::string(1000, 'a'));

  REQUIRE_FALSE(selector);
  CHECK(selector.error().message.find('\n') == std::string::npos);
  CHECK(selector.error().message.find('\x1b') == std::string::npos);
  CHECK(selector.error().message.size() < 300);
}

TEST_CASE("a path with a nul byte is refused") {
  const std::string path("/bin/a\0b", 8);

  CHECK_FALSE(Selector::parse("unix:path:" + path));
  CHECK_FALSE(Selector::parse("jeton:socket:" + path));
}

TEST_CASE("a set that tells no accounts apart is refused") {
  CHECK_FALSE(SelectorSet::parse({}));
  CHECK_FALSE(SelectorSet::parse({"unix:path:/usr/bin/billing"}));
  CHECK_FALSE(SelectorSet::parse({"unix:sha256:" + some_hash}));
  CHECK_FALSE(SelectorSet::parse({"unix:gid:1002"}));
  CHECK_FALSE(SelectorSet::parse({"unix:gid:1002", "unix:path:/usr/bin/billing", "unix:sha256:" + some_hash}));
}

TEST_CASE("a set that names a kind twice is refused because all must hold") {
  const auto set = SelectorSet::parse({"unix:uid:1001", "unix:uid:1002"});

  REQUIRE_FALSE(set);
  CHECK(set.error().code == Code::bad_request);
  CHECK(set.error().message.find("unix:uid") != std::string::npos);
}

TEST_CASE("one bad selector spoils its set") {
  CHECK_FALSE(SelectorSet::parse({"unix:uid:1001", "unix:path:billing"}));
}

TEST_CASE("a set never parsed matches nobody") {
  CHECK_FALSE(SelectorSet().matches(billing()));
  CHECK_FALSE(SelectorSet().wants_sha256_of(billing()));
}

TEST_CASE("missing evidence never matches") {
  Caller nothing;
  nothing.uid = 1001;

  CHECK_FALSE(set_of({"unix:uid:1001", "unix:path:/usr/bin/billing"}).matches(nothing));
  CHECK_FALSE(set_of({"unix:uid:1001", "unix:sha256:" + some_hash}).matches(nothing));
  CHECK_FALSE(set_of({"systemd:id:billing.service"}).matches(nothing));
  CHECK_FALSE(set_of({"jeton:socket:/run/jeton/agent.sock"}).matches(nothing));
}

TEST_CASE("every selector of a set must hold") {
  CHECK_FALSE(set_of({"unix:uid:1001", "unix:gid:1"}).matches(billing()));
  CHECK_FALSE(set_of({"unix:uid:100"}).matches(billing()));
  CHECK_FALSE(set_of({"systemd:id:billing.service", "unix:path:/usr/bin/bill"}).matches(billing()));

  CHECK(set_of({"unix:uid:1001"}).matches(billing()));
  CHECK(set_of({"unix:uid:1001", "unix:gid:1002", "unix:path:/usr/bin/billing"}).matches(billing()));
  CHECK(set_of({"systemd:id:billing.service"}).matches(billing()));
  CHECK(set_of({"jeton:socket:/run/jeton/agent.sock"}).matches(billing()));
}

TEST_CASE("a hash is wanted only where it alone is missing") {
  const auto set = set_of({"unix:uid:1001", "unix:sha256:" + some_hash});
  auto other = billing();
  other.uid = 7;
  auto hashed = billing();
  hashed.sha256 = some_hash;

  CHECK_FALSE(set.wants_sha256_of(other));
  CHECK_FALSE(set.wants_sha256_of(hashed));
  CHECK_FALSE(set_of({"unix:uid:1001"}).wants_sha256_of(billing()));
  CHECK(set.wants_sha256_of(billing()));
  CHECK(set.matches(hashed));
}

TEST_CASE("the account of a uid is exactly that uid") {
  CHECK_FALSE(SelectorSet::of_uid(100).matches(billing()));
  CHECK(SelectorSet::of_uid(1001).matches(billing()));
}

TEST_CASE("a selector prints as it was written") {
  for (const std::string text : {"unix:uid:0", "unix:gid:4294967294", "unix:path:/usr/bin/a b",
                                 "systemd:id:a@b.service", "jeton:socket:/run/x.sock"}) {
    CHECK(Selector::parse(text)->text() == text);
  }
  CHECK(Selector::parse("unix:sha256:" + some_hash)->text() == "unix:sha256:" + some_hash);
}

}  // namespace jeton
