// Ten thousand calls of four agents with incidents of every kind among them: each is found, and nothing else.
#include <map>
#include <set>

#include "readers/alerts.hpp"
#include "support/review_log.hpp"

namespace {

namespace t = jeton::testing;
using jeton::Code;
using jeton::Event;
using jeton::EventKind;
using jeton::Outcome;
using jeton::Role;
using jeton::us_per_s;
using jeton::Verb;
using t::binding;
using t::code_of;

/// What was planted: the event each alert must name, by kind.
using Planted = std::multimap<std::string, std::int64_t>;

class Incidents {
 public:
  explicit Incidents(t::ReviewLog& log) : log_(log), company_(log.company) {}

  Planted planted;

  void replay() {
    const auto minted = company_.minted_refund();
    REQUIRE(company_.redeem_refund(minted));
    refused("replay", company_.redeem_refund(minted, "second"), Code::already_redeemed);
    end(minted, Outcome::ok);
  }

  void forgery() {
    const auto minted = company_.minted_refund();
    auto token = minted.token.expose_for_transport();
    const auto& last = token.substr(token.rfind('.') + 1);
    auto forged = token;
    forged[token.size() - last.size()] = last.front() == 'A' ? 'B' : 'A';
    refused("forgery", redeem(forged), Code::bad_signature);
    refused("forgery", redeem("not.a.token"), Code::bad_token);
    refused("forgery", redeem(jeton::forge::good_token()), Code::unknown_key);
    end(minted, Outcome::cancelled);
  }

  void changed_arguments() {
    const auto minted = company_.minted_refund();
    const auto other = binding("refund", R"({"amount":1000})");
    refused("changed_arguments", company_.redeem(t::crm_account, minted.token, t::crm, other, "first"),
            Code::args_mismatch);
    refused("changed_arguments", company_.mint(t::billing, minted.txn, t::crm, other), Code::call_mismatch);
    end(minted, Outcome::cancelled);
  }

  void misdirected() {
    const auto minted = company_.minted_refund();
    const auto& token = minted.token;
    refused("misdirected", company_.redeem(t::mail_account, token, t::mail, binding("refund"), "a"),
            Code::wrong_audience);
    refused("misdirected", company_.redeem(t::crm_account, token, t::crm, binding("delete"), "b"), Code::wrong_tool);
    refused("misdirected", company_.redeem(t::billing, token, t::crm, binding("refund"), "c"), Code::wrong_role);
    end(minted, Outcome::cancelled);
  }

  void refused_agent() {
    refused("refused_agent", company_.open(t::stranger, t::crm, binding("refund")), Code::unknown_agent);
    refused("refused_agent", company_.open(t::support, t::crm, binding("delete_customer")), Code::no_grant);
    REQUIRE(company_.disable(t::operator_uid, "support"));
    refused("refused_agent", company_.open(t::support, t::crm, binding("refund")), Code::agent_disabled);
    REQUIRE(company_.enable(t::operator_uid, "support"));
    for (const auto code : {Code::unattested_peer, Code::denied_by_policy}) {
      Event event;
      event.kind = EventKind::request_refused;
      event.time_us = company_.clock.wall_us();
      event.verb = Verb::request;
      event.code = code;
      event.uid = 4711;
      plant("refused_agent", log_.append(event));
    }
  }

  void outcomes() {
    const auto silent = company_.minted_refund();
    const auto redeemed = company_.redeem_refund(silent);
    REQUIRE(redeemed);
    plant("redeemed_without_outcome", redeemed->log_index);

    plant("outcome_without_redemption", end(company_.minted_refund(), Outcome::ok));

    const auto disputed = redeemed_refund();
    server_says(disputed, Outcome::ok);
    plant("reporters_disagree", end(disputed, Outcome::tool_error));

    const auto wavering = redeemed_refund();
    end(wavering, Outcome::ok);
    plant("reporters_disagree", end(wavering, Outcome::cancelled));

    const auto unreceipted = redeemed_refund();
    const auto told =
        company_.finish(t::billing, {unreceipted.txn, Outcome::ok, unreceipted.jti, std::nullopt, std::nullopt,
                                     jeton::Receipt{unreceipted.jti, company_.clock.wall_us() / us_per_s, 3}});
    REQUIRE(told);
    plant("reporters_disagree", told->log_index);
  }

  void new_tool() {
    const auto opened = company_.open(t::billing, t::crm, binding("lookup_salary"));
    REQUIRE(opened);
    plant("new_tool", opened->minted->log_index);
    end(*opened->minted, Outcome::cancelled);
  }

  void suppressed() {
    for (int i = 0; i < 25; ++i)
      CHECK(code_of(company_.mint(t::billing, jeton::Txn::random(), t::crm, binding("refund"))) == "unknown_call");
    company_.clock.pass_s(61);
    house("refusals.suppressed", EventKind::refusals_suppressed);
  }

  void clock_jumped() {
    company_.clock.set_wall_ahead_s(90);
    house("clock.jumped", EventKind::clock_jumped);
  }

  /// On a day of its own: two agents stay within what happens, one does not.
  void expired_unredeemed() {
    const auto some = [&](const t::Habit& habit, int tokens, int unused) {
      std::uint64_t newest = 0;
      company_.durably([&] {
        for (int i = 0; i < tokens; ++i) {
          const auto token = log_.minted(habit);
          if (i < unused) {
            newest = token.log_index;
            continue;
          }
          log_.redeemed(token, habit.server_uid);
          log_.reported(token, Role::agent, habit.uid, Outcome::ok);
        }
        return true;
      });
      return newest;
    };
    some(t::habits()[4], 3, 3);   // three are too few to speak of
    some(t::habits()[5], 50, 5);  // one in ten is what happens
    plant("expired_unredeemed", some(t::habits()[6], 39, 4));
  }

  void daemon_facts() {
    for (const auto kind : {EventKind::config_rejected, EventKind::log_recovered}) {
      Event event;
      event.kind = kind;
      event.time_us = company_.clock.wall_us();
      event.role = Role::daemon;
      plant(std::string(name_of(kind)), log_.append(event));
    }
  }

 private:
  void plant(const std::string& kind, std::uint64_t index) { planted.emplace(kind, static_cast<std::int64_t>(index)); }
  template <class T>
  void refused(const std::string& kind, const jeton::Result<T>& result, Code code) {
    REQUIRE_FALSE(result);
    CHECK(name_of(result.error().code) == name_of(code));
    REQUIRE(result.error().log_index);
    plant(kind, *result.error().log_index);
  }
  jeton::Result<jeton::Redeemed> redeem(const std::string& token) {
    return company_.redeem(t::caller_of(t::crm_account), {token, t::crm, binding("refund"), "forger"});
  }
  jeton::Minted redeemed_refund() {
    auto minted = company_.minted_refund();
    REQUIRE(company_.redeem_refund(minted));
    return minted;
  }
  std::uint64_t end(const jeton::Minted& minted, Outcome outcome) {
    const auto told = company_.finish(t::billing, {minted.txn, outcome});
    REQUIRE(told);
    return told->log_index;
  }
  void server_says(const jeton::Minted& minted, Outcome outcome) {
    REQUIRE(company_.finish(t::crm_account, {minted.txn, outcome, minted.jti}));
  }
  void house(const std::string& kind, EventKind expected) {
    for (const auto& event : log_.keep_house())
      if (event.kind == expected) plant(kind, event.log_index);
  }

  t::ReviewLog& log_;
  t::Company& company_;
};

constexpr std::int64_t day_s = 86'400;

}  // namespace

TEST_CASE("among ten thousand calls every planted incident is an alert and nothing else is") {
  t::ReviewLog log;
  Incidents incidents(log);
  // given: days of traffic, and incidents on the fourth day and after
  log.traffic(6000, 3 * day_s);
  incidents.replay();
  incidents.forgery();
  incidents.changed_arguments();
  incidents.misdirected();
  log.traffic(2000, day_s);
  incidents.refused_agent();
  incidents.outcomes();
  incidents.new_tool();
  incidents.suppressed();
  log.traffic(2000, day_s);
  incidents.clock_jumped();
  log.company.clock.pass_s(day_s);
  incidents.expired_unredeemed();
  log.company.clock.pass_s(day_s);
  incidents.daemon_facts();

  // when: a reviewer looks
  const auto review = jeton::open_sqlite_review(log.dir / "jeton.db");
  REQUIRE(review);
  Planted found;
  (*review)->alerts({}, [&found](const jeton::Finding& f) { found.emplace(f.kind, f.log_index); });

  // then
  const auto words = [](const Planted& all) {
    std::multiset<std::string> sorted;
    for (const auto& [kind, index] : all) sorted.insert(kind + " " + std::to_string(index));
    return sorted;
  };
  CHECK(words(found) == words(incidents.planted));
  std::set<std::string> kinds, known;
  for (const auto& [kind, index] : found) kinds.insert(kind);
  for (const auto& kind : jeton::alert_kinds()) known.insert(std::string(kind.name));
  CHECK(kinds == known);
}
