// Does every event have one leaf, whichever of its members are set?
#include "jeton/event.hpp"

#include <type_traits>

#include "fuzz/all.hpp"
#include "fuzz/take.hpp"

namespace jeton::fuzz {
namespace {

/// Sets a member to anything, also to what the sidecar lets nobody put there.
class FromBytes {
 public:
  explicit FromBytes(Take& take) : take_(take) {}

  void set(std::optional<std::string>& out) { out = take_.text(); }
  void set(std::optional<std::int64_t>& out) { out = take_.number(); }
  void set(std::optional<std::uint64_t>& out) { out = static_cast<std::uint64_t>(take_.number()); }
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

/// Nothing for an event that has none: to ask for it is a mistake of ours.
std::optional<std::string> leaf_of(const Event& event) {
  try {
    return leaf_bytes(event);
  } catch (const std::logic_error&) {
    return std::nullopt;
  }
}

}  // namespace

void run_event(Bytes input) {
  Take take(input);
  Event event;
  const auto kinds = all_event_kinds();
  event.kind = kinds[take.byte() % kinds.size()];
  event.time_us = take.number();
  FromBytes from(take);
  // One byte a member says whether it is there.
  for_each_member(event, [&](const char*, auto& member, auto...) {
    if (take.byte() % 2 == 1) from.set(member);
  });

  const auto canonical = canonical_json(leaf_json(event));
  const auto leaf = leaf_of(event);
  hold(leaf.has_value() == canonical.has_value(), "an event has a leaf when its members have a canonical form");
  if (!leaf) return;
  hold(*leaf == *canonical, "a leaf is the canonical form of its members");
  hold(parse_json_strictly(*leaf).has_value(), "a leaf is strict JSON");
  hold(hash_of_leaf(*leaf) == leaf_hash(event), "the hash is that of the leaf");
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
