#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace tba::net {

/// Whose turn it is: only so many items of one group may be under way at a time, and only so many
/// in all. Those of a group have their turns in the order in which they came, and groups take
/// turns, so that one of which a lot is asked keeps no other waiting.
template <class Item>
class Turns {
 public:
  Turns(std::size_t most_of_group, std::size_t most) : most_of_group_(most_of_group), most_(most) {}

  /// It waits for its turn from now on.
  void add(const std::string& group, Item item) {
    auto& line = lines_[group];
    line.waiting.push_back(std::move(item));
    offer(group, line);
  }

  /// The next one whose turn it is, if any: it is under way from now on.
  std::optional<Item> next() {
    if (offers_.empty() || under_way_ == most_) return std::nullopt;
    const auto group = std::move(offers_.front());
    offers_.pop_front();
    auto& line = lines_.find(group)->second;
    line.is_offered = false;
    auto item = std::move(line.waiting.front());
    line.waiting.pop_front();
    ++line.under_way;
    ++under_way_;
    offer(group, line);
    return item;
  }

  /// One of that group is no longer under way.
  void end(const std::string& group) {
    const auto found = lines_.find(group);
    auto& line = found->second;
    --line.under_way;
    --under_way_;
    offer(group, line);
    if (line.under_way == 0 && line.waiting.empty()) lines_.erase(found);
  }

  /// Takes all that wait, in no order.
  std::deque<Item> take_waiting() {
    std::deque<Item> taken;
    for (auto& [group, line] : lines_) {
      for (auto& item : std::exchange(line.waiting, {})) taken.push_back(std::move(item));
      line.is_offered = false;
    }
    offers_.clear();
    std::erase_if(lines_, [](const auto& entry) { return entry.second.under_way == 0; });
    return taken;
  }

 private:
  struct Line {
    std::size_t under_way = 0;
    std::deque<Item> waiting;
    bool is_offered = false;  // whether it is among offers_
  };

  void offer(const std::string& group, Line& line) {
    if (line.is_offered || line.waiting.empty() || line.under_way >= most_of_group_) return;
    line.is_offered = true;
    offers_.push_back(group);
  }

  const std::size_t most_of_group_;
  const std::size_t most_;
  std::size_t under_way_ = 0;
  std::unordered_map<std::string, Line> lines_;
  std::deque<std::string> offers_;  // the groups of which one may begin, the next first
};

}  // namespace tba::net
