// The tick: what is ready is answered together, on the loop's thread or, while the disk hangs, on the guard's.
#pragma once

#include <functional>
#include <vector>

#include "http/message.hpp"
#include "http/tick.hpp"

namespace jeton {

/// Stands between the loop and the door. One thread at a time.
class Answering {
 public:
  using Resume = std::function<void()>;
  /// Runs its argument in a later turn of the loop.
  using Post = std::function<void(std::function<void()>)>;
  Answering(Door& door, Post post) : door_(door), post_(std::move(post)) {}

  /// Puts a job into the next tick; `resume` is called when its response may leave.
  void add(Job& job, Resume resume);

  /// On the guard's thread, while the loop's own is held up by the disk: the tick that hangs is answered as far as it
  /// can be, and so is everybody who comes until `disk_is_back`.
  void disk_hangs();
  /// After a wait for the disk, however long it was.
  void disk_is_back() { stalled_ = false; }
  [[nodiscard]] bool stalled() const { return stalled_; }

 private:
  void answer_when_gathered();
  void answer_tick();

  Door& door_;
  Post post_;
  Tick tick_;
  std::vector<Tick::Waiting> in_flight_;  ///< those of the tick at hand
  bool stalled_ = false;
};

}  // namespace jeton
