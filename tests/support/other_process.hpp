// What another process would see: a child, of another account where asked for, and the text it hands back.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <sys/types.h>

namespace jeton::outside {

/// The account nobody, for what root must not be allowed to do by being root.
inline constexpr uid_t nobody = 65534;

/// A child after fork that runs `work` and hands its text back; what it throws comes back as "threw: ...". With `uid`
/// it first becomes that account (only root can).
class Child {
 public:
  using Work = std::function<std::string(pid_t self)>;
  explicit Child(const Work& work, std::optional<uid_t> uid = std::nullopt);
  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Waits for its end, 60 s at most.
  [[nodiscard]] std::string text();

 private:
  pid_t pid_;
  int fd_;
};

[[nodiscard]] inline std::string in_child(const Child::Work& work) { return Child(work).text(); }
[[nodiscard]] inline std::string in_child_as(uid_t uid, const Child::Work& work) { return Child(work, uid).text(); }

[[nodiscard]] bool is_root();

}  // namespace jeton::outside
