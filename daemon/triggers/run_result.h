#pragma once

#include <chrono>
#include <optional>

#include <boost/asio/awaitable.hpp>

#include "daemon/engine/run_feed.h"
#include "daemon/http/message.h"
#include "daemon/storage/store.h"
#include "shared/uuid.h"

namespace tba::triggers {

/// The run once it has ended or is interrupted; nothing where that takes longer than `limit`.
/// Errors: those of the store, and `not_found`.
boost::asio::awaitable<Result<std::optional<storage::Run>>> wait_for_end(
    engine::RunFeed& feed, storage::Store& store, RunId id, std::chrono::milliseconds limit);

/// How a run that has ended answers the request that started it.
///
/// The output of one that succeeded is the answer. An object with a whole number `status` and, at
/// most, `headers` and `body` beside it says all of the answer; any other output is sent as JSON
/// with status 200, and none as 204. A body that is text goes as it is, any other as JSON. Whatever
/// else became of the run is a problem 500, which names it and says nothing of why.
http::Response answer_of(const storage::Run& run);

}  // namespace tba::triggers
