#include "daemon/triggers/secret_offers.h"

#include <algorithm>
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
  const auto is_of_same = [&](const auto& other) { return other->credential == offer.credential; };
  std::erase_if(offers_, [&](const auto& other) {
    return is_of_same(other) && (other->id == offer.id || other->client == offer.client);
  });
  if (static_cast<std::size_t>(std::ranges::count_if(offers_, is_of_same)) >= kMost) {
    const auto oldest = std::find_if(offers_.rbegin(), offers_.rend(), is_of_same);
    offers_.erase(std::next(oldest).base());
  }
  offers_.insert(offers_.begin(), std::make_shared<const SecretOffer>(std::move(offer)));
  return {};
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
