// Put together at each question: keys and certificates change by themselves.
#include "identity/published_keys.hpp"

namespace jeton {

Json PublishedKeys::jwks() const {
  auto document = keyring_.jwks();
  if (certifier_ != nullptr) certifier_->certify(keyring_.key_set(), document);
  return document;
}

std::vector<std::string> PublishedKeys::kids() const {
  std::vector<std::string> kids;
  for (const auto& key : keyring_.key_set().keys()) kids.push_back(key.kid());
  return kids;
}

std::vector<std::string> PublishedKeys::algorithms() const {
  std::vector<std::string> names;
  for (const auto algorithm : keyring_.algorithms()) names.emplace_back(name_of(algorithm));
  return names;
}

}  // namespace jeton
