// Findings by name, and whether a verdict is about the call at hand.
#include "policy/engine.hpp"

#include "jeton/event.hpp"

namespace jeton {
namespace {

constexpr std::size_t log_text_bytes_max = 128;

/// Cut where no escape is cut in two.
std::string cut(std::string text) {
  if (text.size() <= log_text_bytes_max) return text;
  text.resize(log_text_bytes_max);
  const auto percent = text.rfind('%');
  if (percent != text.npos && percent + 3 > text.size()) text.resize(percent);
  return text;
}

template <class T>
bool same(const std::optional<T>& asked, const T* now) {
  return asked.has_value() == (now != nullptr) && (now == nullptr || *asked == *now);
}

bool is_about(const EngineQuestion& asked, const Question& now) {
  return asked.agent == now.agent_id && asked.subject == now.subject && asked.server == now.server &&
         asked.tool == now.tool && now.digest != nullptr && asked.digest.equals(*now.digest) &&
         same(asked.txn, now.txn);
}

}  // namespace

std::string_view name_of(Ruling ruling) {
  switch (ruling) {
    case Ruling::permitted: return "permitted";
    case Ruling::denied: return "denied";
    case Ruling::obligation: return "obligation";
    case Ruling::undefined: return "undefined";
    case Ruling::malformed: return "malformed";
    case Ruling::timeout: return "timeout";
    case Ruling::unreachable: return "unreachable";
    case Ruling::busy: return "busy";
    case Ruling::mismatch: return "mismatch";
    case Ruling::unasked: break;
  }
  return "unasked";
}

std::string Verdict::reason() const {
  std::string text(name_of(ruling));
  return code ? cut(text + ":" + *code) : text;
}

Ruling ruling_for(const Question& question) {
  if (question.verdict == nullptr) return Ruling::unasked;
  return is_about(question.verdict->question, question) ? question.verdict->ruling : Ruling::mismatch;
}

std::optional<std::string> engine_text(std::string_view text) {
  if (text.empty()) return std::nullopt;
  // No more is looked at than can be kept.
  return cut(escape_for_log(text.substr(0, log_text_bytes_max + 1)));
}

}  // namespace jeton
