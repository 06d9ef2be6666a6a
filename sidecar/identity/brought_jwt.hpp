// A JWT that somebody brought: its text, and its form, read once however many ask.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "identity/foreign_jwt.hpp"

namespace jeton {

/// A text that may be a JWT. One request's token is looked at when keys may be missing, when its sender is to be known
/// and when it is judged; base64 and JSON are read at the first look alone. One thread.
class BroughtJwt {
 public:
  /// Not explicit: whatever somebody brought is one, until it is read.
  BroughtJwt(std::string text) : text_(std::move(text)) {}
  BroughtJwt(std::string_view text) : text_(text) {}
  BroughtJwt(const char* text) : text_(text) {}

  [[nodiscard]] const std::string& text() const { return text_; }
  /// bad_token for what has not the form of one.
  using Form = Result<std::shared_ptr<const UnverifiedJwt>>;
  [[nodiscard]] const Form& form() const {
    if (!form_)
      form_ = UnverifiedJwt::parse(text_).map(
          [](UnverifiedJwt&& jwt) { return std::make_shared<const UnverifiedJwt>(std::move(jwt)); });
    return *form_;
  }
  /// What has the form of one, judged by these keys: once, for as long as they are the same.
  [[nodiscard]] const Result<GenuineJwt>& judged_by(const std::shared_ptr<const ForeignKeySet>& keys) const {
    if (!judged_ || judged_->keys != keys) judged_.emplace(Judged{keys, GenuineJwt::verify(form().value(), *keys)});
    return judged_->genuine;
  }

 private:
  struct Judged {
    std::shared_ptr<const ForeignKeySet> keys;
    Result<GenuineJwt> genuine;
  };
  std::string text_;
  mutable std::optional<Form> form_;
  mutable std::optional<Judged> judged_;
};

}  // namespace jeton
