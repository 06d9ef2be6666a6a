// The clock of a question starts when it is put, so a full queue costs nobody more than the engine's own time.
#include "http/engine_errands.hpp"

#include <utility>

namespace jeton {

std::shared_ptr<void> EngineErrands::Places::take(const std::string& agent, std::size_t max, std::size_t max_each) {
  const std::lock_guard lock(mutex_);
  const auto held = taken_.find(agent);
  if (all_ >= max || (held != taken_.end() && held->second >= max_each)) return nullptr;
  ++all_;
  ++taken_[agent];
  // Forgotten when the last is given back: no more agents are remembered than ask at the moment.
  return {this, [kept = shared_from_this(), agent](void*) {
            const std::lock_guard given_back(kept->mutex_);
            --kept->all_;
            if (--kept->taken_[agent] == 0) kept->taken_.erase(agent);
          }};
}

std::function<void()> EngineErrands::errand(Job& job, const OpenRequest& request) {
  return ask(job, parts_.exchange.question(job.caller, request, parts_.send_arguments));
}

std::function<void()> EngineErrands::errand(Job& job, const MintRequest& request) {
  return ask(job, parts_.exchange.question(job.caller, request, parts_.send_arguments));
}

std::function<void()> EngineErrands::ask(Job& job, std::optional<EngineQuestion> question) {
  if (!question) return {};
  const auto began = std::chrono::steady_clock::now();
  auto place = places_->take(question->agent, parts_.waiting_max, parts_.waiting_max_each);
  if (!place) {
    job.verdict = std::make_shared<const Verdict>(Verdict{Ruling::busy, std::move(*question)});
    parts_.metrics.answered(name_of(Ruling::busy), std::chrono::steady_clock::now() - began);
    return {};
  }
  auto shared = std::make_shared<EngineQuestion>(std::move(*question));
  return [this, &job, shared, place, began] {
    job.verdict = std::make_shared<const Verdict>(parts_.engine.ask(std::move(*shared), began + parts_.timeout));
    parts_.metrics.answered(name_of(job.verdict->ruling), std::chrono::steady_clock::now() - began);
  };
}

Error unasked() {
  return {Code::log_unavailable,
          "the log's disk did not answer when this came, so nothing was granted; try again with the same id"};
}

}  // namespace jeton
