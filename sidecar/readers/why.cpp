// Following a clue to the events that explain it: the index proposes places, the events there decide.
#include "readers/why.hpp"

#include <algorithm>

#include "jeton/clock.hpp"

namespace jeton {
namespace {

constexpr std::size_t story_max = 10'000;
constexpr std::size_t places_max = 1'000;
constexpr std::size_t calls_max = 100;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const auto begin = text.find_first_not_of(space);
  if (begin == text.npos) return "";
  text = text.substr(begin, text.find_last_not_of(space) - begin + 1);
  for (const std::string_view scheme : {"Bearer ", "bearer "})
    if (text.starts_with(scheme)) return trimmed(text.substr(scheme.size()));
  return text;
}

bool looks_like_token(std::string_view text) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
  return std::count(text.begin(), text.end(), '.') == 2 && text.size() > 64 &&
         text.find_first_not_of(letters) == text.npos;
}

std::optional<Sha256> hash_from_hex(std::string_view text) {
  Sha256 hash;
  if (text.size() != 2 * hash.size()) return std::nullopt;
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  for (std::size_t i = 0; i < hash.size(); ++i) {
    const int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    hash[i] = static_cast<unsigned char>(high * 16 + low);
  }
  return hash;
}

class Explainer {
 public:
  Explainer(const LogReader& log, const CallIndex& index, std::int64_t now_us)
      : log_(log), index_(index), now_us_(now_us) {}

  std::optional<Why> run(const Clue& clue) {
    if (clue.form == Clue::Form::call_id) return by_call_id(clue.text);
    if (clue.form == Clue::Form::id) {
      if (auto why = by_jti(*Jti::parse(clue.text))) return why;
      if (auto why = by_txn(*Txn::parse(clue.text))) return why;
      return by_call_id(clue.text);
    }
    auto why = by_hash(clue.sha256);
    if (why && (why->token || why->federated)) return why;
    if (clue.token)
      if (auto other = by_jti(clue.token->claims_before_verification().jti)) {
        other->altered = true;
        if (why) add(*other, why->presented);
        return other;
      }
    return why;
  }

 private:
  std::vector<Event> events_at(const std::vector<std::uint64_t>& places) {
    std::vector<Event> found;
    for (const auto place : places)
      for (auto& event : log_.read(place, 1))
        if (event.log_index == place) found.push_back(std::move(event));
    return found;
  }

  static void add(Why& why, const std::vector<Event>& presented) {
    why.presented = presented;
    why.evidence.insert(why.evidence.end(), presented.begin(), presented.end());
    std::sort(why.evidence.begin(), why.evidence.end(),
              [](const Event& a, const Event& b) { return a.log_index < b.log_index; });
  }

  std::optional<Why> by_hash(const Sha256& sha256) {
    std::optional<Why> why;
    std::vector<Event> presented;
    for (auto& event : events_at(index_.events_of(sha256, places_max))) {
      if (event.token_sha256 != sha256) continue;
      if (event.kind == EventKind::token_minted && !why) why = of_token(event);
      if (event.kind == EventKind::federation_minted && !why) why = of_federation(event);
      if (event.kind == EventKind::request_refused) presented.push_back(std::move(event));
    }
    if (!presented.empty()) add(why ? *why : why.emplace(), presented);
    return why;
  }

  std::optional<Why> by_jti(const Jti& jti) {
    for (const auto& event : events_at(index_.events_of(jti, places_max))) {
      if (event.jti != jti) continue;
      if (event.kind == EventKind::token_minted) return of_token(event);
      if (event.kind == EventKind::federation_minted) return of_federation(event);
    }
    return std::nullopt;
  }

  std::optional<Why> by_txn(const Txn& txn) {
    auto story = log_.everything_of(txn, story_max);
    if (story.empty()) return std::nullopt;
    Why why;
    if (auto call = summary_of(story, now_us_)) why.calls.push_back(std::move(*call));
    why.evidence = std::move(story);
    if (why.calls.empty()) why.presented = why.evidence;
    return why;
  }

  std::optional<Why> by_call_id(const std::string& call_id) {
    CallQuery query;
    query.call_id = call_id;
    Why why;
    for (const auto& candidate : index_.candidates(query, UINT64_MAX, calls_max)) {
      auto call = summary_of(log_.everything_of(candidate.txn, story_max), now_us_);
      if (call && call->call_id == call_id) why.calls.push_back(std::move(*call));
    }
    if (why.calls.empty()) return std::nullopt;
    if (why.calls.size() == 1) why.evidence = log_.everything_of(why.calls.front().txn, story_max);
    return why;
  }

  static Why of_federation(const Event& minted) {
    Why why;
    why.federated = minted;
    why.evidence.push_back(minted);
    return why;
  }

  Why of_token(const Event& minted) {
    const auto everything = log_.everything_of(*minted.txn, story_max);
    std::vector<Event> story;
    std::copy_if(everything.begin(), everything.end(), std::back_inserter(story),
                 [](const Event& event) { return event.kind != EventKind::request_refused; });
    Why why;
    auto& token = why.token.emplace();
    token.minted = minted;
    if (const auto call = Call::from(story))
      if (const auto* attempt = call->attempt_of(*minted.jti)) token.state = attempt->state;
    for (const auto& event : everything) {
      if (is_end(event, token)) token.ended = event;
      if (event.kind == EventKind::request_refused && event.jti == minted.jti && event.code) {
        ++token.refusals[*event.code];
        if (event.code == Code::already_redeemed) ++token.replays;
      }
      if (event.jti == minted.jti || !event.jti) why.evidence.push_back(event);
    }
    token.live = token.state == Attempt::State::unredeemed && now_us_ / us_per_s < minted.expires_at.value_or(0);
    if (token.state == Attempt::State::unredeemed) find_restart(token);
    return why;
  }

  static bool is_end(const Event& event, const TokenStory& token) {
    if (token.ended || event.jti != token.minted.jti) return false;
    switch (token.state) {
      case Attempt::State::redeemed: return event.kind == EventKind::token_redeemed;
      case Attempt::State::reported: return event.kind == EventKind::call_outcome && event.role == Role::server;
      case Attempt::State::superseded: return event.kind == EventKind::token_superseded;
      case Attempt::State::revoked: return event.kind == EventKind::token_revoked;
      case Attempt::State::unredeemed: return false;
    }
    return false;
  }

  /// Keys live in the memory of one process: the next one knows no token of the one before.
  void find_restart(TokenStory& token) {
    const auto place = index_.start_after(token.minted.log_index);
    if (!place) return;
    const auto found = events_at({*place});
    if (found.empty() || found.front().kind != EventKind::sidecar_started) return;
    token.live = false;
    if (found.front().time_us / us_per_s < token.minted.expires_at.value_or(0)) token.restart = found.front();
  }

  const LogReader& log_;
  const CallIndex& index_;
  std::int64_t now_us_;
};

}  // namespace

Result<Clue> Clue::parse(std::string_view given) {
  const auto text = trimmed(given);
  Clue clue;
  if (looks_like_token(text)) {
    clue.form = Form::token;
    clue.sha256 = jeton::sha256(text);
    if (auto token = UnverifiedToken::parse(text)) clue.token = std::move(*token);
    return clue;
  }
  if (const auto hash = hash_from_hex(text)) {
    clue.form = Form::sha256;
    clue.sha256 = *hash;
    return clue;
  }
  if (!is_log_id(text))
    return refuse(Code::bad_request,
                  "this is neither a token nor a SHA-256, a jti, a txn or a call id; give the string alone, from stdin "
                  "with - or from a file with @FILE");
  clue.form = Txn::parse(text) ? Form::id : Form::call_id;
  clue.text = text;
  return clue;
}

std::optional<Why> why_of(const LogReader& log, CallIndex& index, const Clue& clue, std::int64_t now_us,
                          const CallIndex::Progress& progress) {
  return ask_index(index, log, progress,
                   [&](const CallIndex& asked) { return Explainer(log, asked, now_us).run(clue); });
}

}  // namespace jeton
