// Signed notes and checkpoints (c2sp.org/signed-note, c2sp.org/tlog-checkpoint): the log's promise, as text.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "jeton/error.hpp"
#include "jeton/hash.hpp"
#include "jeton/key.hpp"

namespace jeton {

inline constexpr std::size_t note_signature_bytes = 64;

/// The public key of a log under its name, as strangers are given it: `name+hex(key id)+base64(0x01 || key)`.
class NoteKey {
 public:
  /// Throws for another key than an Ed25519 one.
  NoteKey(std::string name, const VerifyingKey& key);
  /// bad_request for another form, another kind of key than Ed25519, or a key id that is not the key's.
  [[nodiscard]] static Result<NoteKey> parse(std::string_view vkey);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string text() const;

  /// The text of a note: everything above the signatures, once one of this key is found and holds. bad_request for what
  /// is no note (over 64 KiB, not UTF-8, control characters, no signature lines); bad_signature where this key did not
  /// sign, or a signature in its name does not hold. Signatures of other keys are passed over.
  [[nodiscard]] Result<std::string> open(std::string_view note) const;

  /// The note: the text, which ends in a line feed, and one signature line. `key` is the secret half of this one.
  [[nodiscard]] std::string sign(std::string_view text, const SigningKey& key) const;
  /// The same from a signature made before.
  [[nodiscard]] std::string with_signature(std::string_view text, const Signature& signature) const;
  [[nodiscard]] bool holds(std::string_view text, const Signature& signature) const {
    return key_.verifies(text, signature);
  }

 private:
  std::string name_;
  VerifyingKey key_;
  std::array<unsigned char, 4> id_;
};

/// What a log vouches for: that its first `size` leaves have this root.
struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  Sha256 root{};

  /// The three lines that are signed.
  [[nodiscard]] std::string text() const;
  /// Exactly those three lines; extension lines are refused with bad_request, because nobody here could check them.
  [[nodiscard]] static Result<Checkpoint> parse(std::string_view text);
  /// A signed note of this log: signature, form, and an origin that is the key's name (bad_signature otherwise).
  [[nodiscard]] static Result<Checkpoint> open(std::string_view note, const NoteKey& key);

  bool operator==(const Checkpoint&) const = default;
};

/// Whether a text can name a log's key and be its origin: no space, no plus sign, visible ASCII, 1 to 255 bytes.
[[nodiscard]] bool is_origin(std::string_view text);

}  // namespace jeton
