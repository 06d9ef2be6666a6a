// Is every text that passes for a verifier key, a checkpoint or a signed note the only spelling of what it says?
#include "jeton/note.hpp"

#include <algorithm>

#include "core/json_rules.hpp"
#include "fuzz/all.hpp"
#include "fuzz/known_log.hpp"

namespace jeton::fuzz {
namespace {

/// May be signed: ends in a line feed and has no other control character.
bool is_note_text(std::string_view text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; };
  return text.ends_with('\n') && text.size() < 32 * 1024 && is_clean_text(text) &&
         std::none_of(text.begin(), text.end(), is_control);
}

void hold_for_strangers(std::string_view text) {
  static const NoteKey stranger{known_log().key.name(), forge::key_named("a fuzzer's own key").verifying_key()};
  const auto opened = stranger.open(text);
  hold(!opened, "a note never opens with a key that did not sign it");
  hold(opened.error().code == Code::bad_request || opened.error().code == Code::bad_signature,
       "a note is refused as one");
}

}  // namespace

void run_note(Bytes input) {
  const auto text = text_of(input);
  const auto& log = known_log();
  if (const auto key = NoteKey::parse(text)) hold(key->text() == text, "a verifier key has one spelling");
  if (const auto checkpoint = Checkpoint::parse(text))
    hold(checkpoint->text() == text, "a checkpoint has one spelling");
  hold_for_strangers(text);
  if (const auto opened = log.key.open(text))
    hold(*opened == log.checkpoint.text(), "a note opens to nothing but what was signed");
  if (const auto checkpoint = Checkpoint::open(text, log.key))
    hold(*checkpoint == log.checkpoint, "a checkpoint opens to nothing but what was signed");
  if (is_note_text(text))
    hold(log.key.open(log.key.sign(text, log.secret)).value_or("") == text, "what was signed opens to itself");
}

std::vector<std::string> seeds_note() {
  const auto& log = known_log();
  return {log.note,
          log.checkpoint.text(),
          log.key.text(),
          "\n\n" + log.note,
          log.note + "\xE2\x80\x94 other.example AAAAAAA=\n",
          "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"};
}

}  // namespace jeton::fuzz
