// That a log only grew is proven from any size to any checkpoint, and a log that did not only grow is found out.
#include "log/growth.hpp"

#include "support/signed_log.hpp"

namespace {

using jeton::Code;
using jeton::prove_growth;
using jeton::testing::SignedLog;

jeton::Sha256 root_at(const SignedLog& log, std::uint64_t size) { return log.open()->root_at(size); }

}  // namespace

TEST_CASE("the growth from every size to the newest checkpoint and to an older one is proven") {
  const SignedLog log;
  const auto reader = log.reader();
  for (std::uint64_t size : {0, 1, 2, 99, 100, 128, 255, 256, 257, 399, 400}) {
    CAPTURE(size);
    const auto growth = prove_growth(*reader, log.note_key, size, std::nullopt, std::nullopt);
    REQUIRE(growth);
    CHECK(growth->old.root == root_at(log, size));
    CHECK(growth->newer.size == 400);
    CHECK(growth->proof.checkpoint == log.shown);
    CHECK(
        jeton::verify_consistency(growth->proof.text(), {log.note_key.name(), size, root_at(log, size)}, log.note_key));
  }
  const auto older = prove_growth(*reader, log.note_key, 150, root_at(log, 150), 300);
  REQUIRE(older);
  CHECK(older->newer.size == 300);
}

TEST_CASE("an older checkpoint that is not a beginning of the log is refused as one") {
  const SignedLog log, other(2, 100);
  const auto refused = [&](std::uint64_t size, const jeton::Sha256& root) {
    const auto growth = prove_growth(*log.reader(), log.note_key, size, root, std::nullopt);
    REQUIRE_FALSE(growth);
    return growth.error().code;
  };
  auto rewritten = root_at(log, 200);
  rewritten[7] ^= 1;
  CHECK(refused(200, rewritten) == Code::bad_signature);
  CHECK(refused(200, root_at(log, 199)) == Code::bad_signature);
  CHECK(refused(401, root_at(log, 400)) == Code::bad_signature);
}

TEST_CASE("sizes that no checkpoint has are refused with the one that is near") {
  const SignedLog log;
  const auto refusal = [&](std::uint64_t old_size, std::optional<std::uint64_t> size) {
    const auto growth = prove_growth(*log.reader(), log.note_key, old_size, std::nullopt, size);
    REQUIRE_FALSE(growth);
    CHECK(growth.error().code == Code::bad_request);
    return growth.error().message;
  };
  CHECK(refusal(10, 150) == "no checkpoint is of 150 events; the next is of 200");
  CHECK(refusal(10, 401) == "no checkpoint is of 401 events; the newest is of 400");
  CHECK(refusal(10, UINT64_MAX) == "no checkpoint is of 18446744073709551615 events; the newest is of 400");
  CHECK(refusal(250, 200) == "250 events are not before a checkpoint of 200; name a smaller size");
  CHECK(refusal(401, std::nullopt) == "401 events are not before a checkpoint of 400; name a smaller size");
}

TEST_CASE("a damaged tree or a checkpoint of another key proves no growth") {
  const SignedLog log;
  log.edit("UPDATE event SET leaf = zeroblob(32) WHERE log_index = 399");
  const auto damaged = prove_growth(*log.reader(), log.note_key, 10, std::nullopt, std::nullopt);
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().code == Code::log_unavailable);
  const jeton::NoteKey other(log.note_key.name(), jeton::SigningKey::generate().verifying_key());
  const auto foreign = prove_growth(*log.reader(), other, 10, std::nullopt, std::nullopt);
  REQUIRE_FALSE(foreign);
  CHECK(foreign.error().code == Code::bad_signature);
}
