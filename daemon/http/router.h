#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/http/route.h"
#include "daemon/http/target.h"

namespace tba::http {

/// Finds the route for a request: the patterns as a tree of segments. Immutable once built. The
/// pattern is chosen first (see Route::pattern), the method second.
class Router {
 public:
  Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;
  ~Router();

  /// Adds a route, which must outlive the router. Throws std::logic_error where the pattern is
  /// malformed or there is a route of that method and pattern.
  void add(const Route& route);

  /// What matches a request.
  struct Match {
    const Route* route = nullptr;
    const Route* other =
        nullptr;        ///< Without a route: one of the path for another method, or null.
    std::string allow;  ///< Beside `other`: the methods of the path ("GET, HEAD").
    std::vector<std::pair<std::string, std::string>> parameters;  ///< Of `route` or `other`.
  };
  Match match(std::string_view method, const Target& target) const;

 private:
  struct Entry;
  struct Node;
  static const std::vector<Entry>* find(const Node& node, const Target& target,
                                        std::size_t segment);

  std::unique_ptr<Node> root_;
};

}  // namespace tba::http
