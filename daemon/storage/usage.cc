#include "daemon/storage/usage.h"

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <utility>

#include "daemon/storage/pruning.h"
#include "daemon/storage/rows.h"

namespace tba::storage {
namespace {

constexpr std::uint64_t kSample = 128;           // runs of a workflow
constexpr std::uint64_t kLargestSample = 4'000;  // of all together, but for kSmallestSample of each
constexpr std::uint64_t kSmallestSample = 8;
constexpr std::uint64_t kBytesPerRow = 100;  // besides texts

/// Kinds of rows that are counted one by one, and the bytes of a row's texts.
struct Kind {
  std::string_view table;
  std::string_view bytes;
};
constexpr std::array kKinds{
    Kind{"deliveries", "length(query_json) + length(headers_json) + length(body)"},
    Kind{"delivery_ids", "length(path) + length(sender_id)"},
    Kind{"rejections", "length(path) + length(reason)"},
    Kind{"versions", "length(definition_json)"},
    Kind{"signals", "length(data_json)"},
    Kind{"subscriptions", "length(event)"},
    Kind{"events", "length(data_json)"},
    Kind{"cache", "length(key) + length(result_json)"},
    Kind{"poll_items", "length(key)"},
    Kind{"schedules", "length(schedule)"},
    Kind{"schedule_slots", "length(schedule)"},
    Kind{"credentials", "length(wrapped_key) + length(sealed)"},
};

/// Rows of one kind, and what they take.
struct Amount {
  double rows = 0;
  double bytes = 0;

  void add(const Amount& other, double times) {
    rows += other.rows * times;
    bytes += other.bytes * times;
  }
};

/// The runs of a workflow, counted, and some of them, each as likely as any other.
struct Counted {
  std::string workflow;
  std::uint64_t runs = 0;
  std::vector<RunId> sample;
};

/// Counts the runs of each workflow, and takes a sample on the way (Vitter's algorithm R).
Result<std::vector<Counted>> count_runs(Database& database) {
  std::vector<Counted> counted;
  std::minstd_rand random;  // its default seed: the same database gives the same sample
  auto rows =
      database.query("SELECT workflow, id FROM runs INDEXED BY runs_by_workflow ORDER BY workflow");
  for (;;) {
    const auto row = rows.next();
    if (!row) return row.error();
    if (!*row) return counted;
    if (counted.empty() || counted.back().workflow != rows.text(0))
      counted.push_back({std::string(rows.text(0)), 0, {}});
    auto& [workflow, runs, sample] = counted.back();
    const auto place = runs++;
    if (place < kSample) {
      sample.push_back(uuid_of<RunId>(rows.blob(1)));
    } else if (const auto other = random() % runs; other < kSample) {
      sample[other] = uuid_of<RunId>(rows.blob(1));
    }
  }
}

/// How many unfinished runs each workflow has.
Result<std::map<std::string, std::uint64_t, std::less<>>> count_unfinished(Database& database) {
  std::map<std::string, std::uint64_t, std::less<>> counts;
  auto* last = static_cast<std::pair<const std::string, std::uint64_t>*>(nullptr);
  auto rows = database.query(
      "SELECT workflow FROM runs INDEXED BY runs_unfinished WHERE status IN (0, 1, 2, 6)");
  for (;;) {
    const auto row = rows.next();
    if (!row) return row.error();
    if (!*row) return counts;
    if (last == nullptr || last->first != rows.text(0))
      last = &*counts.try_emplace(std::string(rows.text(0))).first;
    ++last->second;
  }
}

Result<Amount> amount(Statement query) {
  if (const auto row = query.next(); !row) return row.error();
  const auto rows = static_cast<double>(query.integer(0));
  return Amount{rows, static_cast<double>(query.integer(1)) + rows * kBytesPerRow};
}

/// What belongs to a run, by kind.
struct RunAmounts {
  Amount run, steps, logs, delivery;

  double bytes() const { return run.bytes + steps.bytes + logs.bytes + delivery.bytes; }
  void add(const RunAmounts& other, double times) {
    run.add(other.run, times);
    steps.add(other.steps, times);
    logs.add(other.logs, times);
    delivery.add(other.delivery, times);
  }
};

Result<RunAmounts> amounts_of(Database& database, RunId id) {
  RunAmounts amounts;
  const std::array<std::pair<std::string_view, Amount*>, 4> queries{{
      {"SELECT count(*), sum(length(trigger_json) + length(inputs_json) + length(output_json)) "
       "FROM runs WHERE id = ?",
       &amounts.run},
      {"SELECT count(*), sum(length(result_json) + length(memo_json)) FROM steps WHERE run = ?",
       &amounts.steps},
      {"SELECT count(*), sum(length(text)) FROM logs WHERE run = ?", &amounts.logs},
      {"SELECT count(*), sum(length(headers_json) + length(body)) FROM deliveries "
       "WHERE id = (SELECT delivery FROM runs WHERE id = ?)",
       &amounts.delivery},
  }};
  for (const auto& [sql, target] : queries) {
    const auto got = amount(database.query(sql, id));
    if (!got) return got.error();
    *target = *got;
  }
  return amounts;
}

/// What belongs to all runs of a workflow, by its sample, of which only the first few are looked
/// at.
Result<RunAmounts> estimate(Database& database, const Counted& counted, std::uint64_t few) {
  RunAmounts total;
  const auto looked_at = std::min<std::uint64_t>(counted.sample.size(), few);
  const auto times = static_cast<double>(counted.runs) / static_cast<double>(looked_at);
  for (std::size_t i = 0; i < looked_at; ++i) {
    const auto amounts = amounts_of(database, counted.sample[i]);
    if (!amounts) return amounts.error();
    total.add(*amounts, times);
  }
  return total;
}

std::uint64_t rounded(double number) {
  return static_cast<std::uint64_t>(number + 0.5);
}

KindUsage kind_usage(std::string kind, const Amount& amount) {
  return {std::move(kind), rounded(amount.rows), rounded(amount.bytes)};
}

/// All rows of a kind, by the size of the first ones: the order is that of the key.
Result<Amount> amount_of(Database& database, const Kind& kind) {
  const auto table = std::string(kind.table);
  auto count = database.query("SELECT count(*) FROM " + table);
  if (const auto row = count.next(); !row) return row.error();
  const auto few =
      amount(database.query("SELECT count(*), sum(bytes) FROM (SELECT " + std::string(kind.bytes) +
                                " AS bytes FROM " + table + " LIMIT ?)",
                            kSample));
  if (!few) return few.error();
  Amount all;
  if (few->rows > 0) all.add(*few, static_cast<double>(count.integer(0)) / few->rows);
  return all;
}

}  // namespace

Result<Usage> usage_of(Database& database) {
  const auto counted = count_runs(database);
  if (!counted) return counted.error();
  const auto unfinished = count_unfinished(database);
  if (!unfinished) return unfinished.error();

  Usage usage;
  RunAmounts total;
  const auto few =
      std::max(kLargestSample / std::max<std::uint64_t>(counted->size(), 1), kSmallestSample);
  for (const auto& workflow : *counted) {
    const auto amounts = estimate(database, workflow, few);
    if (!amounts) return amounts.error();
    const auto open = unfinished->find(workflow.workflow);
    usage.workflows.push_back({workflow.workflow, workflow.runs,
                               open == unfinished->end() ? 0 : open->second,
                               rounded(amounts->bytes())});
    total.add(*amounts, 1);
  }
  usage.kinds = {kind_usage("runs", total.run), kind_usage("steps", total.steps),
                 kind_usage("logs", total.logs)};
  for (const auto& kind : kKinds) {
    const auto amount = amount_of(database, kind);
    if (!amount) return amount.error();
    usage.kinds.push_back(kind_usage(std::string(kind.table), *amount));
  }
  const auto file = file_usage(database);
  if (!file) return file.error();
  usage.file = *file;
  return usage;
}

}  // namespace tba::storage
