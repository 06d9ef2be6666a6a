// Does every event have one leaf, whichever of its members are set?
#include "jeton/event.hpp"

#include <type_traits>

#include "fuzz/all.hpp"
#include "fuzz/take.hpp"

namespace jeton::fuzz {
namespace {

constexpr std::int64_t safe_integer_max = (std::int64_t{1} << 53) - 1;

/// Sets a member to what the sidecar could have let in: its checks are the other targets' matter.
class FromBytes {
 public:
  explicit FromBytes(Take& take) : take_(take) {}

  void set(std::optional<std::string>& out) { out = escape_for_log(take_.text()); }
  void set(std::optional<std::int64_t>& out) { out = take_.number() % safe_integer_max; }
  void set(std::optional<std::uint64_t>& out) {
    out = static_cast<std::uint64_t>(take_.number()) % static_cast<std::uint64_t>(safe_integer_max);
  }
  void set(std::optional<bool>& out) { out = take_.byte() % 2 == 1; }
  void set(std::optional<Sha256>& out) { take_.fill(out.emplace()); }
  template <class Tag>
  void set(std::optional<Id<Tag>>& out) {
    take_.fill(out.emplace().bytes);
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void set(std::optional<Enum>& out) { out = static_cast<Enum>(1 + take_.byte() % 2); }

 private:
  Take& take_;
};

}  // namespace

void run_event(Bytes input) {
  Take take(input);
  Event event;
  const auto kinds = all_event_kinds();
  event.kind = kinds[take.byte() % kinds.size()];
  event.time_us = take.number() % safe_integer_max;
  FromBytes from(take);
  // One byte a member says whether it is there.
  for_each_member(event, [&](const char*, auto& member, auto...) {
    if (take.byte() % 2 == 1) from.set(member);
  });

  const auto leaf = leaf_bytes(event);
  const auto parsed = parse_json_strictly(leaf);
  hold(parsed.has_value(), "a leaf is strict JSON");
  hold(canonical_json(*parsed).value_or("") == leaf, "a leaf is the canonical form of what it says");
  hold(canonical_json(leaf_json(event)).value_or("") == leaf, "a leaf is the canonical form of its members");
  hold(leaf.size() < 65'536, "a leaf fits a tile");
  auto elsewhere = event;
  elsewhere.log_index = event.log_index + 1;
  hold(leaf_hash(elsewhere) == leaf_hash(event), "the place of an event is not in its leaf");
}

std::vector<std::string> seeds_event() {
  // Absent members, all members, and every second one.
  std::string all(1, '\x07'), some(1, '\x09');
  for (int i = 0; i < 400; ++i) {
    all += '\x01';
    some += static_cast<char>(i % 4);
  }
  return {std::string(64, '\0'), all, some, std::string(700, '\xff')};
}

}  // namespace jeton::fuzz
