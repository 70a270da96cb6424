#pragma once

#include <memory>
#include <new>
#include <string>

#include <curl/curl.h>

namespace tba::net {

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
/// A libcurl easy handle.
using Easy = std::unique_ptr<CURL, EasyDeleter>;

struct SlistDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
/// A list of texts as libcurl takes it; null: the empty one.
using Slist = std::unique_ptr<curl_slist, SlistDeleter>;

/// Puts a copy of the text at the list's end.
inline void append(Slist& list, const std::string& text) {
  auto* longer = curl_slist_append(list.get(), text.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  static_cast<void>(list.release());  // It is now part of `longer`.
  list.reset(longer);
}

}  // namespace tba::net
