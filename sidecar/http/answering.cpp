// When a tick is answered, and what happens to one that hangs.
#include "http/answering.hpp"

#include <utility>

#include "ops/log.hpp"

namespace jeton {
namespace {

std::vector<Job*> jobs_of(const std::vector<Tick::Waiting>& waiting) {
  std::vector<Job*> jobs;
  for (const auto& one : waiting) jobs.push_back(one.job);
  return jobs;
}

}  // namespace

void Answering::add(Job& job, Resume resume) {
  if (tick_.add({&job, std::move(resume)})) post_([this] { answer_when_gathered(); });
}

void Answering::answer_when_gathered() {
  if (tick_.gathers(Tick::Clock::now()) && !stalled_)
    post_([this] { answer_when_gathered(); });
  else
    answer_tick();
}

/// Everything that became ready since the last tick is answered in one transaction, but for what is beyond an
/// account's share of it.
void Answering::answer_tick() {
  if (tick_.empty()) return;
  const auto began = Tick::Clock::now();
  auto taken = tick_.take();
  if (!tick_.empty()) post_([this] { answer_when_gathered(); });
  const auto jobs = jobs_of(taken);
  if (stalled_) {
    door_.answer_stalled(jobs);
    for (auto& waiting : taken) waiting.resume();
    return;
  }
  in_flight_ = std::move(taken);
  door_.answer(jobs);
  // Empty when the disk hung and all of them were answered meanwhile.
  for (auto& waiting : std::exchange(in_flight_, {})) waiting.resume();
  stalled_ = false;
  tick_.ended(jobs.size(), began, Tick::Clock::now());
}

void Answering::disk_hangs() {
  stalled_ = true;
  log_line(Level::warning, "the log's disk hangs; nothing is granted until it answers");
  auto hanging = std::exchange(in_flight_, {});
  door_.answer_stalled(jobs_of(hanging));
  for (auto& waiting : hanging) waiting.resume();
  // Those beyond that tick: what the loop's thread posted for them stays in a queue of its own until it goes on.
  if (!tick_.empty()) post_([this] { answer_when_gathered(); });
}

}  // namespace jeton
