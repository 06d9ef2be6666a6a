// Calls by what is known of them: an index proposes, the log decides.
#pragma once

#include "readers/view.hpp"
#include "store/call_index.hpp"

namespace jeton {

/// What a call must have; what is empty does not matter. Texts are as the log has them.
struct CallFilter {
  std::optional<std::string> agent = std::nullopt;  ///< a SPIFFE ID, or the name at its end
  std::optional<std::string> tool = std::nullopt;   ///< a glob: * any run of characters, ? one
  std::optional<std::string> server = std::nullopt;
  std::optional<std::string> run_id = std::nullopt;
  std::optional<std::string> session_id = std::nullopt;
  std::optional<std::string> call_id = std::nullopt;
  std::optional<std::string> state = std::nullopt;  ///< one of call_states()
  std::optional<Code> code = std::nullopt;          ///< some request of the call was refused with it
  std::optional<std::int64_t> since_us = std::nullopt;
  std::optional<std::int64_t> until_us = std::nullopt;  ///< opened before

  [[nodiscard]] bool empty() const;
  [[nodiscard]] bool matches(const CallSummary& call, const std::vector<Event>& story) const;
};

/// Whether an agent of the log is the one that was asked for: by its SPIFFE ID, or by the name at its end.
[[nodiscard]] bool is_agent(const std::string& asked, const std::string& spiffe_id);

/// The states a call can be in.
[[nodiscard]] std::span<const std::string_view> call_states();

/// Brings the index up to date and asks it. One that is damaged is thrown away and made anew; where that fails too, one
/// in memory takes its place for good. Throws what the log's reader throws.
template <class Question>
auto ask_index(CallIndex& index, const LogReader& log, const CallIndex::Progress& progress, Question&& question) {
  const auto once = [&] {
    index.catch_up(log, progress);
    return question(index);
  };
  try {
    return once();
  } catch (const IndexDamaged&) {
    try {
      index.discard();
      return once();
    } catch (const IndexDamaged&) {
      index = CallIndex::in_memory();
      return once();
    }
  }
}

/// A page of the calls that match, as list_calls gives one of all, but without `gaps`: counting them reads every row.
[[nodiscard]] CallPage find_calls(const LogReader& log, CallIndex& index, const CallFilter& filter,
                                  std::uint64_t before, std::size_t limit, std::int64_t now_us,
                                  const CallIndex::Progress& progress = {});

}  // namespace jeton
