// The door: the paths of the Unix sockets and of TCP, from a request to the exchange and back.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "exchange/exchange.hpp"
#include "http/decode.hpp"
#include "http/engine_errands.hpp"
#include "http/message.hpp"
#include "http/network_rules.hpp"
#include "http/oauth_door.hpp"
#include "http/stall_guard.hpp"
#include "http/tlog.hpp"
#include "jeton/json.hpp"
#include "ops/metrics.hpp"

namespace jeton {

/// "/v1/calls/<txn>/<what>" → txn and what.
[[nodiscard]] std::optional<std::pair<std::string_view, std::string_view>> call_path(std::string_view target);

/// A 200 with this document, which nobody may cache.
[[nodiscard]] Response answer_with(const Json& body);

/// One thread. A tick's jobs share one transaction, so their answers leave together, after it is durable.
class LocalDoor final : public Door {
 public:
  struct Parts {
    Exchange& exchange;
    Store& store;
    const Roles& roles;
    PublishedKeys keys;
    DecodeLimits limits;
    std::function<Json()> status;                                  ///< what does not depend on the caller
    std::function<bool()> disk_low;                                ///< below reserve_bytes of free disk
    std::function<void()> checkpoint = [] {};                      ///< signs what the log has become
    StallGuard* guard = nullptr;                                   ///< watches the waits for the disk
    OAuthDoor* oauth = nullptr;                                    ///< none: its paths are nobody's
    std::function<void(MetricText&)> gauges = [](MetricText&) {};  ///< what the rest of the daemon is to be seen by
    NetworkRules network = {};                                     ///< for what comes over TCP
    std::function<bool()> disk_full = [] { return false; };        ///< no room even for what the reserve is for
    EngineErrands* engine = nullptr;                               ///< where one decides as well
    Tlog* tlog = nullptr;                                          ///< none: the log is shown to nobody
    std::function<void()> settle = [] {};                          ///< takes in what `checkpoint` waited for
  };
  explicit LocalDoor(Parts parts) : parts_(std::move(parts)) {}

  void screen(Job& job) override;
  void answer(std::span<Job* const> jobs) override;
  void answer_stalled(std::span<Job* const> jobs) override;
  void keep_house(bool stopping) override;
  [[nodiscard]] std::function<void()> errand(Job& job) override;
  [[nodiscard]] bool is_stranger(const Caller& caller) const override {
    return !parts_.roles.knows(caller) && !parts_.roles.wants_sha256_of(caller);
  }
  [[nodiscard]] std::size_t body_bytes_max(const Caller& caller, bool stranger) const override;
  [[nodiscard]] bool wants_sha256_of(const Caller& caller) const override {
    return parts_.roles.wants_sha256_of(caller);
  }
  /// Between ticks; holds from the next request on.
  void set_limits(const DecodeLimits& limits) {
    parts_.limits = limits;
    if (parts_.oauth != nullptr) parts_.oauth->set_limits(limits);
  }

 private:
  void answer_all(const std::vector<Job*>& jobs);
  /// Into the metrics and, where it is wanted, onto stderr.
  void count(std::span<Job* const> jobs);
  [[nodiscard]] std::string metrics() const;
  void begin_wait() const;
  /// True when it took so long that every job was answered by the guard.
  [[nodiscard]] bool end_wait() const;
  /// Whether there is nothing to decide and nothing to write down.
  [[nodiscard]] bool answer_without_log(Job& job) const;
  [[nodiscard]] bool answer_from_memory(Job& job) const;
  /// What a token is worth (RFC 7662), in whatever order with what else is asked at the moment.
  [[nodiscard]] bool answer_query(Job& job) const;
  /// Keys, metadata and what describes us: there while the log's disk hangs, too.
  [[nodiscard]] bool answer_document(Job& job) const;
  /// What the transport refused to somebody who is not known yet, over TCP.
  [[nodiscard]] bool answer_network_fault(Job& job) const;
  /// The rest of what such a one may ask.
  [[nodiscard]] Response answer_unproved(const Job& job) const;
  [[nodiscard]] static bool answer_health(Job& job, bool ready);
  [[nodiscard]] std::function<void()> tlog_errand(Job& job) const;
  /// Whether the target is one of the log's entries and the caller no reviewer.
  [[nodiscard]] bool denies_entries(std::string_view target, const Caller& caller) const {
    return parts_.tlog != nullptr && is_tlog_entries(target) && !parts_.roles.is_reviewer(caller);
  }
  /// Whether a request that needs the log would be served now, as far as can be said without trying.
  [[nodiscard]] bool is_ready() const;
  void note_durable(bool durable);
  /// Lets some of what is archived go; trouble is told once, and once when it is over.
  void let_go();
  [[nodiscard]] Response route(Job& job);
  [[nodiscard]] Response open(Job& job);
  [[nodiscard]] Response mint(Job& job, std::string_view txn);
  [[nodiscard]] Response federate(const Request& request, const Caller& caller);
  [[nodiscard]] std::function<void()> engine_errand(Job& job) const;
  [[nodiscard]] std::function<void()> engine_errand_of_token(Job& job) const;
  /// Puts into an open on whose behalf it is, once; the refusal of a subject token that is none.
  [[nodiscard]] std::optional<Error> delegate(OpenRequest& request, const Caller& caller) const;
  [[nodiscard]] Response redeem(const Request& request, const Caller& caller);
  [[nodiscard]] Response finish(const Request& request, const Caller& caller, std::string_view txn);
  [[nodiscard]] Response archive(const Request& request, const Caller& caller);
  [[nodiscard]] DecodeLimits limits_for(const Caller& caller) const;
  using Control = std::variant<RevokeRequest, SwitchRequest>;
  /// None: the request is none of revoke, disable and enable.
  [[nodiscard]] std::optional<Result<Control>> control_of(const Request& request) const;
  [[nodiscard]] static Verb verb_of(const Request& request);
  [[nodiscard]] Response control(const Control& asked, const Caller& caller);
  void answer_one(Job& job);
  /// One of several: what goes wrong is its own affair.
  void answer_part(Job& job);
  void answer_unwritten(const std::vector<Job*>& jobs, const Error& why);
  /// Whether the tick came to the job before it failed, and whether the log may be asked now.
  struct Failed {
    bool answered = false;
    bool may_read = true;
  };
  [[nodiscard]] bool holds_in_memory(const Job& job, Failed how);
  [[nodiscard]] static bool was_answered(const Job& job);
  [[nodiscard]] static Response in_memory_only(const Job& job);
  /// False: the response says why this caller is not believed.
  [[nodiscard]] bool identify(Job& job) const;
  [[nodiscard]] Response refused(const Caller& caller, const Error& error, Verb verb);
  [[nodiscard]] Json status_for(const Caller& caller) const;

  Parts parts_;
  RequestMetrics requests_;
  std::uint64_t hosts_refused_ = 0;
  bool disk_full_ = false;
  std::string archive_trouble_;
  std::optional<std::chrono::steady_clock::time_point> last_failure_;  ///< of a transaction, and none held since
};

}  // namespace jeton
