#pragma once

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/storage/compression.h"
#include "daemon/storage/sqlite.h"
#include "daemon/storage/store.h"

/// From rows to records and pages, for the queries.
namespace tba::storage {

/// The identifier in a column's bytes; nil where they are no identifier.
template <class AnyId>
AnyId uuid_of(std::string_view bytes) {
  AnyId id;
  if (bytes.size() == id.bytes.size()) std::ranges::copy(bytes, id.bytes.begin());
  return id;
}

/// The hash as the columns have it; it must outlive the statement that it is bound to.
inline Blob blob_of(const VersionHash& hash) {
  return {{reinterpret_cast<const char*>(hash.data()), hash.size()}};
}

/// Reads the columns of a row one after the other.
class Columns {
 public:
  explicit Columns(const Statement& row) : row_(row) {}

  std::string text() { return std::string(row_.text(next_++)); }
  std::string blob() { return std::string(row_.blob(next_++)); }
  std::int64_t integer() { return row_.integer(next_++); }
  bool boolean() { return integer() != 0; }
  Instant instant() { return Instant(Duration(integer())); }

  template <class Enum>
  Enum enumeration() {
    return static_cast<Enum>(integer());
  }
  template <class AnyId>
  AnyId id() {
    return uuid_of<AnyId>(row_.blob(next_++));
  }
  VersionHash hash() {
    const auto bytes = row_.blob(next_++);
    VersionHash hash{};
    if (bytes.size() == hash.size()) std::ranges::copy(bytes, hash.begin());
    return hash;
  }
  std::optional<Instant> optional_instant() {
    if (row_.is_null(next_)) return skip<Instant>();
    return instant();
  }
  template <class AnyId>
  std::optional<AnyId> optional_id() {
    if (row_.is_null(next_)) return skip<AnyId>();
    return id<AnyId>();
  }
  /// Three columns.
  std::optional<Failure> failure() {
    const bool none = row_.is_null(next_);
    Failure failure{text(), text(), text()};
    return none ? std::nullopt : std::optional(std::move(failure));
  }
  /// A packed text.
  std::string packed() {
    auto plain = unpack(row_.blob(next_++));
    if (plain) return std::move(*plain);
    if (!error_) error_ = plain.error();
    return {};
  }

  /// The first text that could not be unpacked.
  const std::optional<Error>& error() const { return error_; }

 private:
  template <class T>
  std::optional<T> skip() {
    ++next_;
    return std::nullopt;
  }

  const Statement& row_;
  int next_ = 0;
  std::optional<Error> error_;
};

/// Reads all rows with `read(Columns&)`.
template <class Read>
auto all_rows(Statement query, Read read)
    -> Result<std::vector<decltype(read(std::declval<Columns&>()))>> {
  std::vector<decltype(read(std::declval<Columns&>()))> items;
  for (;;) {
    const auto row = query.next();
    if (!row) return row.error();
    if (!*row) return items;
    Columns columns(query);
    items.push_back(read(columns));
    if (columns.error()) return *columns.error();
  }
}

/// Reads the one row there may be.
template <class Read>
auto one_row(Statement query, Read read)
    -> Result<std::optional<decltype(read(std::declval<Columns&>()))>> {
  using Item = decltype(read(std::declval<Columns&>()));
  auto items = all_rows(std::move(query), read);
  if (!items) return items.error();
  return items->empty() ? std::optional<Item>() : std::optional<Item>(std::move(items->front()));
}

/// A key as cursors have it, a UUID or a number, and back.
template <class AnyId>
std::string cursor_of(const AnyId& id) {
  return id.text();
}
inline std::string cursor_of(std::int64_t number) {
  return std::to_string(number);
}
template <class AnyId>
std::optional<AnyId> parse_cursor(std::string_view text, AnyId) {
  return AnyId::parse(text);
}
inline std::optional<std::int64_t> parse_cursor(std::string_view text, std::int64_t number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// The key that the page comes after: the cursor's, or `first` where there is none.
template <class AnyKey>
Result<AnyKey> key_before(const PageRequest& page, AnyKey first) {
  if (page.cursor.empty()) return first;
  if (const auto key = parse_cursor(page.cursor, first)) return *key;
  return Error{ErrorCode::invalid, "the cursor '" + page.cursor + "' is none that a page gave",
               "leave it out to begin with the first page"};
}

/// Beyond every identifier of version 7: where lists that begin with the newest start.
template <class AnyId>
AnyId newest() {
  AnyId id;
  id.bytes.fill(0xff);
  return id;
}

/// Turns limit + 1 rows, where there are so many, into a page with the key of its last item, which
/// `key` gives: a member or a function.
template <class T, class Key>
Result<Page<T>> page_of(Result<std::vector<T>> items, std::size_t limit, Key key) {
  if (!items) return items.error();
  Page<T> page{std::move(*items), ""};
  if (page.items.size() > limit) {
    page.items.resize(limit);
    if (limit > 0) page.next = cursor_of(std::invoke(key, page.items.back()));
  }
  return page;
}

}  // namespace tba::storage
