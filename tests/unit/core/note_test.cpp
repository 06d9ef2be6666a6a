// What is taken for a log's checkpoint: one form, one key, one origin.
#include "jeton/note.hpp"

#include "jeton/base64.hpp"
#include "support/catch.hpp"

namespace {

using jeton::Checkpoint;
using jeton::Code;
using jeton::NoteKey;

struct Log {
  jeton::SigningKey key = jeton::SigningKey::generate();
  NoteKey note_key{"acme.example/jeton/1", key.verifying_key()};
  Checkpoint checkpoint{"acme.example/jeton/1", 42, jeton::sha256("root")};
  std::string note = note_key.sign(checkpoint.text(), key);
};

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  REQUIRE(at != text.npos);
  return text.replace(at, what.size(), with);
}

}  // namespace

TEST_CASE("c2sp.org signed-note: the verifier key of the specification is read and its id is checked") {
  const std::string vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
  const auto key = NoteKey::parse(vkey);
  REQUIRE(key);
  CHECK(key->name() == "example.com/foo");
  CHECK(key->text() == vkey);
  for (const auto& bad :
       {std::string(), std::string("example.com/foo"), std::string("example.com/foo+530d903a"),
        replaced(vkey, "530d903a", "530d903b"), replaced(vkey, "530d903a", "530D903A"), replaced(vkey, "foo", "bar"),
        replaced(vkey, "foo", "f o"), replaced(vkey, "example.com/foo", ""), replaced(vkey, "AekyeR", "BekyeR"),
        vkey + "=", vkey + "\n", replaced(vkey, "U2k", "U2l")}) {
    CAPTURE(bad);
    const auto refused = NoteKey::parse(bad);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::bad_request);
  }
}

TEST_CASE("c2sp.org signed-note: a note that this key did not sign is refused") {
  const Log log;
  const auto other = jeton::SigningKey::generate();
  const NoteKey namesake(log.note_key.name(), other.verifying_key());
  for (const auto& bad : {namesake.sign(log.checkpoint.text(), other), replaced(log.note, "\n42\n", "\n43\n"),
                          replaced(log.note, "\xE2\x80\x94 acme", "\xE2\x80\x94 bcme")}) {
    const auto refused = Checkpoint::open(bad, log.note_key);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::bad_signature);
  }
}

TEST_CASE("c2sp.org signed-note: a good signature beside a bad one of the same key saves nothing") {
  const Log log;
  const auto bad = log.note_key.with_signature("another text\n", log.key.sign("another text\n"));
  const auto line = bad.substr(bad.rfind("\xE2\x80\x94"));
  CHECK_FALSE(Checkpoint::open(log.note + line, log.note_key));
}

TEST_CASE("c2sp.org signed-note: what is no note is refused") {
  const Log log;
  for (const auto& bad :
       {std::string(), std::string("\n\n"), log.checkpoint.text(), log.checkpoint.text() + "\n", log.note + "\n",
        log.note.substr(0, log.note.size() - 1), log.note + "no signature\n", replaced(log.note, "\n42\n", "\n4\t2\n"),
        replaced(log.note, "acme", "acme\r"), replaced(log.note, "acme", "\xFF"),
        replaced(log.note, "\xE2\x80\x94", "-"), std::string(70'000, 'x') + log.note}) {
    const auto refused = Checkpoint::open(bad, log.note_key);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::bad_request);
  }
}

TEST_CASE("c2sp.org tlog-checkpoint: another form than three lines is refused though it is signed") {
  const Log log;
  const auto text = log.checkpoint.text();
  for (const auto& bad :
       {replaced(text, "\n42\n", "\n042\n"), replaced(text, "\n42\n", "\n+42\n"), replaced(text, "\n42\n", "\n-1\n"),
        replaced(text, "\n42\n", "\n 42\n"), replaced(text, "\n42\n", "\n9223372036854775808\n"),
        replaced(text, "=\n", "\n"), replaced(text, "=\n", "=\nextension\n"), std::string("acme.example/jeton/1\n42\n"),
        replaced(text, "acme.example", "acme example"), std::string("\n")}) {
    CAPTURE(bad);
    const auto refused = Checkpoint::open(log.note_key.sign(bad, log.key), log.note_key);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::bad_request);
  }
  const auto other_log = Checkpoint{"acme.example/jeton/2", 42, log.checkpoint.root};
  const auto refused = Checkpoint::open(log.note_key.sign(other_log.text(), log.key), log.note_key);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::bad_signature);
}

TEST_CASE("a checkpoint is read as it was signed, also beside the signatures of strangers") {
  const Log log;
  const auto witness = jeton::SigningKey::generate();
  const auto cosigned = NoteKey("witness.example", witness.verifying_key()).sign(log.checkpoint.text(), witness);
  const auto line = cosigned.substr(cosigned.rfind("\xE2\x80\x94"));
  for (const auto& note : {log.note, log.note + line, cosigned + log.note.substr(log.note.rfind("\xE2\x80\x94"))}) {
    const auto opened = Checkpoint::open(note, log.note_key);
    REQUIRE(opened);
    CHECK(*opened == log.checkpoint);
  }
  const auto given = NoteKey::parse(log.note_key.text());
  REQUIRE(given);
  CHECK(Checkpoint::open(log.note, *given));
}
