// The targets by name, each defined in the file of its name, and what most of them need.
#pragma once

#include "fuzz/targets.hpp"
#include "jeton/json.hpp"

namespace jeton::fuzz {

void run_answer(Bytes input);
void run_claims(Bytes input);
void run_config(Bytes input);
void run_database(Bytes input);
void run_event(Bytes input);
void run_json(Bytes input);
void run_jwt(Bytes input);
void run_keys(Bytes input);
void run_note(Bytes input);
void run_proof(Bytes input);
void run_request(Bytes input);
void run_rows(Bytes input);
void run_token(Bytes input);

std::vector<std::string> seeds_answer();
std::vector<std::string> seeds_claims();
std::vector<std::string> seeds_config();
std::vector<std::string> seeds_database();
std::vector<std::string> seeds_event();
std::vector<std::string> seeds_json();
std::vector<std::string> seeds_jwt();
std::vector<std::string> seeds_keys();
std::vector<std::string> seeds_note();
std::vector<std::string> seeds_proof();
std::vector<std::string> seeds_request();
std::vector<std::string> seeds_rows();
std::vector<std::string> seeds_token();

}  // namespace jeton::fuzz
