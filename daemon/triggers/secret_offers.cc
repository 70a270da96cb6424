#include "daemon/triggers/secret_offers.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "daemon/connectors/digest.h"

namespace tba::triggers {
namespace {

/// Enough to tell offers apart, and to write one down.
constexpr std::size_t kIdDigits = 12;

bool is_plain(std::string_view text) {
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";
  return text.size() >= SecretOffers::kShortest && text.size() <= SecretOffers::kLongest &&
         text.find_first_not_of(kAllowed) == std::string_view::npos;
}

}  // namespace

Result<> SecretOffers::add(SecretOffer offer) {
  if (!is_plain(offer.secret.view())) {
    return Error{ErrorCode::invalid,
                 fmt::format("what is offered is no secret of {} to {} letters, digits and "
                             "-._~+/=",
                             kShortest, kLongest),
                 ""};
  }
  forget_settled();
  auto identity = fmt::format("{} {}", offer.credential, offer.secret.view());
  offer.id = connectors::sha256_hex(identity).substr(0, kIdDigits);
  vault::wipe(identity);
  std::erase_if(offers_, [&](const auto& other) { return other->id == offer.id; });
  make_room(offer.credential);
  offers_.insert(offers_.begin(), std::make_shared<const SecretOffer>(std::move(offer)));
  return {};
}

/// Where a credential is offered as many as there may be, the oldest goes of the address that has
/// offered most.
void SecretOffers::make_room(const std::string& credential) {
  std::map<std::string_view, std::size_t> counts;
  std::size_t all = 0;
  for (const auto& offer : offers_) {
    if (offer->credential != credential) continue;
    ++counts[offer->client];
    ++all;
  }
  if (all < kMost) return;
  const auto most =
      std::ranges::max_element(counts, {}, [](const auto& each) { return each.second; });
  const auto oldest = std::find_if(offers_.rbegin(), offers_.rend(), [&](const auto& offer) {
    return offer->credential == credential && offer->client == most->first;
  });
  offers_.erase(std::next(oldest).base());
}

std::vector<std::shared_ptr<const SecretOffer>> SecretOffers::list() {
  forget_settled();
  return offers_;
}

std::shared_ptr<const SecretOffer> SecretOffers::find(const std::string& id) {
  forget_settled();
  const auto found = std::ranges::find(offers_, id, [](const auto& offer) { return offer->id; });
  return found == offers_.end() ? nullptr : *found;
}

/// Forgets those whose credential there is by now, and those that are too old.
void SecretOffers::forget_settled() {
  const auto oldest = clock_.now() - kLifetime;
  std::erase_if(offers_, [&](const auto& offer) {
    return offer->at < oldest || credentials_.knows(offer->credential);
  });
}

}  // namespace tba::triggers
