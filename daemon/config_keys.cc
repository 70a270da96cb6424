#include "daemon/config_keys.h"

#include <array>

namespace tba::daemon {
namespace {

using namespace std::string_view_literals;

constexpr std::array kHttpKeys{
    Key{.name = "listen",
        .description =
            "host:port of the HTTP server for webhooks, port 0 for any free one; none for "
            "no TCP; 127.0.0.1:8632 if not given"},
    Key{.name = "trusted_proxies",
        .type = KeyType::text_or_list,
        .description = "the addresses and networks of proxies that are believed whom they pass "
                       "requests on from, by Forwarded or X-Forwarded-For; none if not given"},
};
constexpr KeyTable kHttpTable{"http", "http", kHttpKeys};

constexpr std::array kLevels{"debug"sv, "info"sv, "warning"sv, "error"sv};
constexpr std::array kFormats{"automatic"sv, "text"sv, "json"sv};
constexpr std::array kLogKeys{
    Key{.name = "level",
        .type = KeyType::choice,
        .description = "what is logged at least; info if not given",
        .choices = kLevels},
    Key{.name = "format",
        .type = KeyType::choice,
        .description = "automatic, if not given, is text on a terminal and JSON otherwise",
        .choices = kFormats},
};
constexpr KeyTable kLogTable{"log", "log", kLogKeys};

constexpr std::array kLimitKeys{
    Key{.name = "header_bytes",
        .type = KeyType::size,
        .description = "the largest header of a request; 16KiB if not given"},
    Key{.name = "body_bytes",
        .type = KeyType::size,
        .description = "the largest body of a request; 25MiB if not given"},
    Key{.name = "bodies_total",
        .type = KeyType::size,
        .description = "what the bodies of all requests from TCP may take together, but for the "
                       "first 64KiB of each; 256MiB if not given"},
    Key{.name = "connections",
        .type = KeyType::integer,
        .description = "how many there may be at a time; 1024 if not given",
        .minimum = 1,
        .maximum = 1'000'000},
    Key{.name = "idle",
        .type = KeyType::duration,
        .description = "after which a silent connection is closed; 1m if not given"},
    Key{.name = "requests",
        .type = KeyType::integer,
        .description = "how many requests of steps and polls there may be at a time; 1024 if not "
                       "given",
        .minimum = 1,
        .maximum = 1'000'000},
    Key{.name = "requests_to_host",
        .type = KeyType::integer,
        .description = "how many of them to one host and port; others wait for their turn; 128 if "
                       "not given",
        .minimum = 1,
        .maximum = 1'000'000},
};
constexpr KeyTable kLimitTable{"limits", "limits", kLimitKeys};

constexpr std::array kCircuitKeys{
    Key{.name = "failures",
        .type = KeyType::integer,
        .description = "how many requests to a host must fail in a row before it is left alone; 0: "
                       "it never is; 10 if not given",
        .minimum = 0,
        .maximum = 1'000},
    Key{.name = "within",
        .type = KeyType::duration,
        .description = "within which time they must; 1m if not given"},
    Key{.name = "pause",
        .type = KeyType::duration,
        .description = "after which one request tries again, twice as long each time that it "
                       "fails; 5s if not given"},
    Key{.name = "longest_pause",
        .type = KeyType::duration,
        .description = "what the pause does not pass; 2m if not given"},
    Key{.name = "patience",
        .type = KeyType::duration,
        .description = "how long after the first failure requests fail at once instead of waiting "
                       "for the host; 10m if not given"},
};
constexpr KeyTable kCircuitTable{"circuit", "circuit", kCircuitKeys};

constexpr std::array kOutboundKeys{
    Key{.name = "circuit",
        .type = KeyType::table,
        .description = "when hosts that do not answer are left alone, and for how long",
        .table = &kCircuitTable},
};
constexpr KeyTable kOutboundTable{"outbound", "outbound", kOutboundKeys};

constexpr Key kAgeKey{.name = "age",
                      .type = KeyType::duration,
                      .description = "how long a run is kept after its end; 90d if not given"};
constexpr Key kRunsKey{.name = "runs",
                       .type = KeyType::integer,
                       .description =
                           "how many runs of a workflow are kept that have ended; 100000 if not "
                           "given",
                       .minimum = 0,
                       .maximum = 1'000'000'000};
constexpr Key kBytesKey{.name = "bytes",
                        .type = KeyType::size,
                        .description =
                            "what the runs of a workflow that have ended may take, about; 4GiB if "
                            "not given"};
constexpr std::array kRunLimitKeys{kAgeKey, kRunsKey, kBytesKey};
constexpr KeyTable kRunLimitTable{"run_limits", "a workflow's retention", kRunLimitKeys};
constexpr std::array kRetentionKeys{
    kAgeKey,
    kRunsKey,
    kBytesKey,
    Key{.name = "workflows",
        .type = KeyType::table_map,
        .description = "age, runs and bytes of single workflows, by name",
        .table = &kRunLimitTable},
    Key{.name = "total_runs",
        .type = KeyType::integer,
        .description = "how many runs of all workflows are kept that have ended; 1000000 if not "
                       "given",
        .minimum = 0,
        .maximum = 1'000'000'000},
    Key{.name = "total_bytes",
        .type = KeyType::size,
        .description = "what the database may hold before the oldest runs go; 16GiB if not given"},
    Key{.name = "deliveries",
        .type = KeyType::duration,
        .description = "how long deliveries are kept that started no run; 30d if not given"},
    Key{.name = "delivery_ids",
        .type = KeyType::duration,
        .description = "how long a delivery is known that is sent again; 30d if not given"},
    Key{.name = "events",
        .type = KeyType::duration,
        .description = "how long emitted events are kept; 30d if not given"},
    Key{.name = "poll_items",
        .type = KeyType::duration,
        .description = "how long an item that a poll has found is known; 365d if not given"},
};
constexpr KeyTable kRetentionTable{"retention", "retention", kRetentionKeys};

constexpr std::array kExpressionKeys{
    Key{.name = "steps",
        .type = KeyType::integer,
        .description = "how many steps one evaluation may take",
        .minimum = 1'000,
        .maximum = 1'000'000'000},
    Key{.name = "bytes",
        .type = KeyType::size,
        .description = "how much memory one evaluation may take, 64KiB to 4GiB"},
    Key{.name = "depth",
        .type = KeyType::integer,
        .description = "how deep one evaluation may nest",
        .minimum = 100,
        .maximum = 1'000'000},
};
constexpr KeyTable kExpressionTable{"expressions", "expressions", kExpressionKeys};

constexpr std::array kVaultKeys{
    Key{.name = "key_file", .description = "the file of the master key"},
};
constexpr KeyTable kVaultTable{"vault", "vault", kVaultKeys};

constexpr std::array kNotifyKeys{
    Key{.name = "call", .is_required = true, .description = "connector/endpoint to call"},
    Key{.name = "credential", .type = KeyType::name, .description = "the credential that it uses"},
    Key{.name = "with",
        .type = KeyType::value_map,
        .description = "the parameters of the endpoint; expressions in them read what the step "
                       "gives as .inputs"},
};
constexpr KeyTable kNotifyTable{"notify_target", "a target of `notify`", kNotifyKeys};

constexpr std::array kConfigKeys{
    Key{.name = "http",
        .type = KeyType::table,
        .description = "the HTTP server",
        .table = &kHttpTable},
    Key{.name = "socket", .description = "the unix socket of the API"},
    Key{.name = "store", .description = "the file of the database"},
    Key{.name = "workflows",
        .type = KeyType::text_list,
        .description = "the folders of the workflow files"},
    Key{.name = "connectors",
        .type = KeyType::text_list,
        .description = "the folders of connector files, beside the built-in connectors"},
    Key{.name = "plugins",
        .type = KeyType::text_list,
        .description = "the folders of plugins, each of which has a folder of its own in one"},
    Key{.name = "log", .type = KeyType::table, .description = "the log", .table = &kLogTable},
    Key{.name = "limits",
        .type = KeyType::table,
        .description = "what the HTTP server accepts",
        .table = &kLimitTable},
    Key{.name = "outbound",
        .type = KeyType::table,
        .description = "how steps and polls send requests",
        .table = &kOutboundTable},
    Key{.name = "retention",
        .type = KeyType::table,
        .description = "what is kept of what is over",
        .table = &kRetentionTable},
    Key{.name = "expressions",
        .type = KeyType::table,
        .description = "what ends an expression that goes on for too long",
        .table = &kExpressionTable},
    Key{.name = "vault",
        .type = KeyType::table,
        .description = "the vault of the credentials",
        .table = &kVaultTable},
    Key{.name = "notify",
        .type = KeyType::table_map,
        .description = "whom the notify steps of workflows tell, by name",
        .table = &kNotifyTable},
    Key{.name = "vars",
        .type = KeyType::literal_map,
        .description = "values that expressions of every workflow read as .vars"},
};

}  // namespace

constinit const KeyTable kConfigTable{"config", "the configuration", kConfigKeys};

}  // namespace tba::daemon
