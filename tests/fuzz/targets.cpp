// The table of targets, and the vectors as their seeds.
#include "fuzz/targets.hpp"

#include <array>

#include "fuzz/all.hpp"
#include "support/places.hpp"
#include "support/temp_dir.hpp"

namespace jeton::fuzz {

std::span<const Target> targets() {
  static constexpr std::array all{
      Target{"answer", run_answer, seeds_answer, 200},
      Target{"claims", run_claims, seeds_claims, 1000},
      Target{"config", run_config, seeds_config, 400},
      Target{"database", run_database, seeds_database, 100},
      Target{"event", run_event, seeds_event, 1000},
      Target{"json", run_json, seeds_json, 2000},
      Target{"jwt", run_jwt, seeds_jwt, 1000},
      Target{"keys", run_keys, seeds_keys, 500},
      Target{"note", run_note, seeds_note, 1000},
      Target{"proof", run_proof, seeds_proof, 1000},
      Target{"request", run_request, seeds_request, 300},
      Target{"rows", run_rows, seeds_rows, 100},
      Target{"token", run_token, seeds_token, 2000},
  };
  return all;
}

std::vector<std::string> vector_texts(const std::string& file, const std::string& member) {
  const auto document =
      Json::parse(testing::bytes_of(std::string(jeton::testing::source_dir) + "/tests/vectors/" + file));
  std::vector<std::string> texts;
  for (const auto& vector : document.at("vectors"))
    if (vector.contains(member)) texts.push_back(vector.at(member).get<std::string>());
  return texts;
}

}  // namespace jeton::fuzz
