#include "daemon/api/run_ids.h"

namespace tba::api {

namespace asio = boost::asio;

Error no_such_run(std::string_view id) {
  return {ErrorCode::not_found, "there is no run '" + std::string(id) + "'",
          "`run list` shows which there are"};
}

asio::awaitable<Result<RunId>> run_id(Services& services, std::string text) {
  if (text == "latest") {
    storage::PageRequest newest;
    newest.limit = 1;
    const storage::RunFilter all;
    const auto page = co_await services.store.runs(all, newest);
    if (!page) co_return page.error();
    if (page->items.empty()) co_return Error{ErrorCode::not_found, "there is no run yet", ""};
    co_return page->items.front().id;
  }
  const auto id = RunId::parse(text);
  if (!id) co_return no_such_run(text);
  co_return *id;
}

}  // namespace tba::api
