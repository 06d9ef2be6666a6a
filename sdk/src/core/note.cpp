// Reading notes with suspicion: one spelling for every number and hash, and nothing signed by anybody else.
#include "jeton/note.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "core/c2sp_text.hpp"
#include "core/json_rules.hpp"
#include "jeton/base64.hpp"

namespace jeton {
namespace {

constexpr std::size_t note_bytes_max = 64 * 1024;
constexpr unsigned char ed25519_kind = 0x01;
constexpr std::string_view signature_mark = "\xE2\x80\x94 ";  // em dash, space
constexpr std::size_t signature_bytes = 4 + note_signature_bytes;

tl::unexpected<Error> no_note(std::string_view why) {
  return refuse(Code::bad_request, "not a signed note: " + std::string(why));
}

std::array<unsigned char, 4> key_id(std::string_view name, const VerifyingKey& key) {
  std::string named(name);
  named += '\n';
  named += static_cast<char>(ed25519_kind);
  named.append(reinterpret_cast<const char*>(key.bytes().data()), key.bytes().size());
  const auto digest = sha256(named);
  std::array<unsigned char, 4> id;
  std::copy_n(digest.begin(), id.size(), id.begin());
  return id;
}

struct SignatureLine {
  std::string_view name;
  std::vector<unsigned char> bytes;  ///< key id, then the signature
};

std::optional<SignatureLine> read_signature(std::string_view line) {
  if (!line.starts_with(signature_mark)) return std::nullopt;
  line.remove_prefix(signature_mark.size());
  const auto space = line.find(' ');
  if (space == 0 || space == line.npos) return std::nullopt;
  auto bytes = from_base64(line.substr(space + 1));
  if (!bytes || bytes->size() < 5) return std::nullopt;
  return SignatureLine{line.substr(0, space), std::move(*bytes)};
}

}  // namespace

bool is_origin(std::string_view text) {
  return !text.empty() && text.size() <= 255 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~' && c != '+'; });
}

NoteKey::NoteKey(std::string name, const VerifyingKey& key)
    : name_(std::move(name)), key_(key), id_(key_id(name_, key)) {}

Result<NoteKey> NoteKey::parse(std::string_view vkey) {
  const auto refused = [](std::string_view why) {
    return refuse(Code::bad_request, "not a verifier key of the form NAME+ID+KEY: " + std::string(why));
  };
  const auto first = vkey.find('+');
  const auto second = first == vkey.npos ? first : vkey.find('+', first + 1);
  if (second == vkey.npos) return refused("it has not three parts");
  const auto name = vkey.substr(0, first);
  if (!is_origin(name)) return refused("the name is not one");
  const auto bytes = from_base64(vkey.substr(second + 1));
  if (!bytes || bytes->size() != 33 || bytes->front() != ed25519_kind) return refused("the key is not an Ed25519 key");
  std::array<unsigned char, 32> key_bytes;
  std::copy_n(bytes->begin() + 1, key_bytes.size(), key_bytes.begin());
  const NoteKey key{std::string(name), VerifyingKey(key_bytes)};
  if (vkey.substr(first + 1, second - first - 1) != hex(key.id_)) return refused("the key id is not that of the key");
  return key;
}

std::string NoteKey::text() const {
  std::array<unsigned char, 33> bytes;
  bytes[0] = ed25519_kind;
  std::copy(key_.bytes().begin(), key_.bytes().end(), bytes.begin() + 1);
  return name_ + "+" + hex(id_) + "+" + base64(bytes);
}

std::string NoteKey::sign(std::string_view text, const SigningKey& key) const {
  return with_signature(text, key.sign(text));
}

std::string NoteKey::with_signature(std::string_view text, const Signature& signature) const {
  std::vector<unsigned char> bytes(id_.begin(), id_.end());
  bytes.insert(bytes.end(), signature.begin(), signature.end());
  return std::string(text) + "\n" + std::string(signature_mark) + name_ + " " + base64(bytes) + "\n";
}

Result<std::string> NoteKey::open(std::string_view note) const {
  if (note.size() > note_bytes_max) return no_note("it is over 64 KiB");
  if (!is_clean_text(note)) return no_note("it is not UTF-8");
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; };
  if (std::any_of(note.begin(), note.end(), is_control)) return no_note("it has control characters");
  const auto blank = note.rfind("\n\n");
  if (blank == note.npos) return no_note("no empty line stands above the signatures");
  const auto text = note.substr(0, blank + 1);
  auto rest = note.substr(blank + 2);
  if (rest.empty() || rest.back() != '\n') return no_note("it does not end in a signature line");

  bool signed_by_key = false;
  while (const auto line = take_line(rest)) {
    const auto found = read_signature(*line);
    if (!found) return no_note("a line below the empty line is no signature");
    // Name and id together tell whose signature it is; whoever shares only one of them is a stranger.
    if (found->name != name_ || !std::equal(id_.begin(), id_.end(), found->bytes.begin())) continue;
    if (found->bytes.size() != signature_bytes) return refuse(Code::bad_signature, "a signature has another length");
    const Signature signature(found->bytes.begin() + 4, found->bytes.end());
    if (!key_.verifies(text, signature)) return refuse(Code::bad_signature, "the signature of " + name_ + " is wrong");
    signed_by_key = true;
  }
  if (!signed_by_key) return refuse(Code::bad_signature, name_ + " did not sign it with this key");
  return std::string(text);
}

std::string Checkpoint::text() const { return origin + "\n" + std::to_string(size) + "\n" + base64(root) + "\n"; }

Result<Checkpoint> Checkpoint::parse(std::string_view text) {
  const auto refused = [](std::string_view why) {
    return refuse(Code::bad_request, "not a checkpoint: " + std::string(why));
  };
  const auto origin = take_line(text);
  const auto size = take_line(text);
  const auto root = take_line(text);
  if (!root || !text.empty()) return refused("it has not exactly three lines");
  Checkpoint checkpoint;
  if (!is_origin(*origin)) return refused("the first line is no origin");
  checkpoint.origin = *origin;
  const auto number = decimal_of(*size);
  if (!number) return refused("the second line is no size");
  checkpoint.size = *number;
  const auto bytes = from_base64(*root);
  if (!bytes || bytes->size() != checkpoint.root.size()) return refused("the third line is no SHA-256 in base64");
  std::copy(bytes->begin(), bytes->end(), checkpoint.root.begin());
  return checkpoint;
}

Result<Checkpoint> Checkpoint::open(std::string_view note, const NoteKey& key) {
  auto text = key.open(note);
  if (!text) return refuse(std::move(text.error()));
  auto checkpoint = parse(*text);
  if (checkpoint && checkpoint->origin != key.name())
    return refuse(Code::bad_signature, "the checkpoint is of another log: " + checkpoint->origin);
  return checkpoint;
}

}  // namespace jeton
