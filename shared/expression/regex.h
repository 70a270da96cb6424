#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "shared/expression/resources.h"
#include "shared/value/value.h"

namespace tba::expression::detail {

/// A part of a text, in bytes.
struct TextSpan {
  std::size_t begin = 0;
  std::size_t end = 0;

  bool is_empty() const { return begin == end; }
  std::string_view of(std::string_view text) const { return text.substr(begin, end - begin); }
};

/// A compiled regular expression of jq: Oniguruma's, with Perl's syntax and named groups.
class Regex {
 public:
  /// Compiles the pattern, or finds it among those that this thread compiled last. Flags are jq's:
  /// any of "gixsnlp". Stays valid until the thread's next call. Fails with jq's message, or where
  /// the pattern exceeds a limit on its length or structure.
  static boost::system::result<const Regex*, Failure> compiled(std::string_view pattern,
                                                               std::string_view flags,
                                                               Resources& resources);

  ~Regex();
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  /// The names of the groups in order, as strings; null for a group without one.
  std::span<const Value> group_names() const { return group_names_; }
  bool is_global() const { return flags_.find('g') != std::string::npos; }
  bool finds_longest() const { return flags_.find('l') != std::string::npos; }

 private:
  friend class RegexSearch;
  struct Handles;

  Regex(std::string_view pattern, std::string_view flags);
  /// Why it cannot be compiled, if so.
  std::optional<Failure> compile();

  std::string pattern_;
  std::string flags_;
  std::unique_ptr<Handles> handles_;
  std::vector<Value> group_names_;
};

/// Goes through the matches of a regular expression in a text. Charges the time it takes to the
/// budget, since the work of a search that goes back and forth cannot be told beforehand.
class RegexSearch {
 public:
  /// Both must outlive the search; one search at a time may use a regex. Requires: the text is
  /// UTF-8.
  RegexSearch(const Regex& regex, std::string_view text, Resources& resources);

  /// Whether there is a next match. There is at most one unless the regex is global, and then each
  /// begins where the last one ended, or one character further if that was empty. Fails where the
  /// budget is spent.
  [[nodiscard]] boost::system::result<bool, Failure> next();

  /// The match that next() found.
  TextSpan match() const;
  /// What a group of it matched, counted from 0. As in jq, a group without a part in an empty match
  /// is an empty one there; otherwise nullopt.
  std::optional<TextSpan> group(std::size_t index) const;

 private:
  using Clock = std::chrono::steady_clock;
  using Answer = boost::system::result<bool, Failure>;

  Answer find();
  /// Tries the given number of characters as the match's first one, beginning at `at` and moving
  /// it.
  Answer find_one_by_one(std::size_t& at, std::size_t count);
  /// Asks the library with more and more retries until it has an answer.
  template <typename Ask>
  Answer insist(Ask ask, std::size_t retries);
  /// The library's answers for matches that begin at `at` or behind it, and at `at` only.
  int search_from(std::size_t at, std::size_t retries);
  int match_at(std::size_t at, std::size_t retries);
  void allow(std::size_t retries);
  /// Where a search goes on in a further call, that is not what `\G` means.
  unsigned options_at(std::size_t at) const;
  Answer answer_of(int code) const;
  std::size_t next_character(std::size_t at) const;
  bool charge_time();

  const Regex& regex_;
  std::string_view text_;
  Resources& resources_;
  Clock::time_point charged_until_ = Clock::now();
  std::size_t start_ = 0;  // beyond the text's end: there are no more matches
  std::size_t block_;      // how many characters find_one_by_one() is to try next time
};

}  // namespace tba::expression::detail
