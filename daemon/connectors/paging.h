#pragma once

#include <string>

#include "shared/endpoint.h"
#include "shared/error.h"
#include "shared/pagination.h"
#include "shared/value/value.h"

/// Pages of lists. Where a page is, is data that can be kept: null is the first one.
namespace tba::connectors {

/// The parameters of a call for the page there, from those that the call gives.
Value parameters_of_page(const Pagination& pagination, const Endpoint& endpoint, Value given,
                         const Value& where);

/// The URL of the page there; empty where its parameters tell which it is.
std::string url_of_page(const Value& where);

/// What an answer is as a page of a list.
struct Page {
  Value items;  ///< An array.
  Value next;   ///< Where the next page is; null where this is the last one.
};

/// What was asked, and what came of it.
struct PageAnswer {
  const Endpoint& endpoint;
  const Value& answer;      ///< {status, headers, body}
  const Value& body;        ///< What the step would have for its body.
  const Value& parameters;  ///< parameters_of_page()
  const Value& where;
  const std::string& url;  ///< Of the request.
};

/// Reads a page. Errors (`invalid`): the items are no array, what should lead to the next page is
/// nothing that can, or the API answers with the items of the page before.
Result<Page> read_page(const Pagination& pagination, const PageAnswer& answer);

}  // namespace tba::connectors
