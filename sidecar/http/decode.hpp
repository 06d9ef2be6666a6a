// From the text of a body to a request of the exchange: strict, and naming the member that is wrong.
#pragma once

#include <string_view>

#include "exchange/requests.hpp"
#include "jeton/error.hpp"

namespace jeton {

struct DecodeLimits {
  std::size_t body_bytes = 1 << 20;
  std::size_t arguments_bytes = arguments_bytes_max;
  bool client_members = false;  ///< over the network a body also says who sent it; that has been read already
};

/// bad_request for what is not the JSON the protocol names (an unknown member included), bad_arguments for what is
/// wrong with the arguments.
[[nodiscard]] Result<OpenRequest> decode_open(std::string_view body, const DecodeLimits& limits);
[[nodiscard]] Result<MintRequest> decode_mint(std::string_view body, std::string_view txn, const DecodeLimits& limits);
[[nodiscard]] Result<FederationRequest> decode_federation(std::string_view body, const DecodeLimits& limits);
[[nodiscard]] Result<RedeemRequest> decode_redeem(std::string_view body, const DecodeLimits& limits);
[[nodiscard]] Result<FinishRequest> decode_finish(std::string_view body, std::string_view txn,
                                                  const DecodeLimits& limits);
[[nodiscard]] Result<RevokeRequest> decode_revoke(std::string_view body, const DecodeLimits& limits);
/// No body, or {}.
[[nodiscard]] Result<SwitchRequest> decode_switch(std::string_view body, std::string_view agent, bool disable,
                                                  const DecodeLimits& limits);
[[nodiscard]] Result<ArchiveRequest> decode_archive(std::string_view body, const DecodeLimits& limits);

}  // namespace jeton
