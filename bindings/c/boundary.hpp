// The border between C++ and C: results become codes, values become handles, and no exception gets across.
#pragma once

#include <exception>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "jeton.h"
#include "jeton/error.hpp"
#include "jeton/json.hpp"
#include "jeton/secret.hpp"

struct jeton_error {
  jeton::Error error;
};

struct jeton_buffer {
  std::string bytes;

  explicit jeton_buffer(std::string text) : bytes(std::move(text)) {}
  ~jeton_buffer() { jeton::wipe(bytes); }
  jeton_buffer(const jeton_buffer&) = delete;
  jeton_buffer& operator=(const jeton_buffer&) = delete;
};

namespace jeton::abi {

/// Thrown where C handed in NULL; the border makes a bad_request of it.
struct NullPointer : std::exception {};

/// A text from C. NULL is the empty text, but not with a length.
[[nodiscard]] inline std::string_view text(const char* data, std::size_t size) {
  if (data == nullptr && size != 0) throw NullPointer();
  return data == nullptr ? std::string_view() : std::string_view(data, size);
}
[[nodiscard]] inline std::optional<std::string> optional_text(const char* data, std::size_t size) {
  if (data == nullptr && size == 0) return std::nullopt;
  return std::string(text(data, size));
}

/// What a handle or an output pointer leads to.
template <class T>
[[nodiscard]] T& at(T* pointer) {
  if (pointer == nullptr) throw NullPointer();
  return *pointer;
}

/// A text that lives in a handle, for C.
[[nodiscard]] inline const char* lend(const std::string& text, std::size_t* size) {
  if (size != nullptr) *size = text.size();
  return text.c_str();
}
[[nodiscard]] inline const char* lend_nothing(std::size_t* size) {
  if (size != nullptr) *size = 0;
  return nullptr;
}

/// The code of a failure, and the failure itself where C wants it.
jeton_code fail(Error failure, jeton_error** error) noexcept;
jeton_code fail_with_current_exception(jeton_error** error) noexcept;

/// Runs `work`, which ends in a Result<void>, and turns every way it can end into a code.
template <class Work>
jeton_code guarded(jeton_error** error, Work&& work) noexcept {
  if (error != nullptr) *error = nullptr;
  try {
    Result<void> done = work();
    return done ? jeton_code{JETON_OK} : fail(std::move(done.error()), error);
  } catch (...) {
    return fail_with_current_exception(error);
  }
}

/// The same for `work` that ends in a Result of what a `Handle` is made of.
template <class Handle, class Work>
jeton_code give(Handle** out, jeton_error** error, Work&& work) noexcept {
  if (out != nullptr) *out = nullptr;
  return guarded(error, [&]() -> Result<void> {
    Handle*& place = at(out);
    auto made = work();
    if (!made) return refuse(std::move(made.error()));
    place = new Handle{std::move(*made)};
    return {};
  });
}

/// Strict JSON as bodies and calls come: arguments may be 64 deep and stand inside an object. A fault at or below
/// `/arguments` is bad_arguments, any other bad_request.
[[nodiscard]] Result<Json> read_object(std::string_view text);
/// A call's arguments alone: bad_arguments, also where they are no object.
[[nodiscard]] Result<Json> read_arguments(std::string_view text);

}  // namespace jeton::abi
