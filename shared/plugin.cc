#include "shared/plugin.h"

#include <array>
#include <span>

namespace tba {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kLeastMemory = std::size_t{16} << 20;
constexpr std::size_t kMostMemory = std::size_t{64} << 30;

constexpr std::array kPermissionKeys{
    Key{.name = "network",
        .type = KeyType::boolean,
        .description = "whether it may use the network; false if not given"},
};
constexpr KeyTable kPermissionTable{"permissions", "permissions", kPermissionKeys};

constexpr std::array kLimitKeys{
    Key{.name = "memory",
        .type = KeyType::size,
        .description = "how much data it may have in memory; 512MiB if not given"},
    Key{.name = "calls",
        .type = KeyType::integer,
        .description = "how many calls it is given at a time, others wait; 16 if not given",
        .minimum = 1,
        .maximum = 1024},
};
constexpr KeyTable kLimitTable{"plugin_limits", "limits", kLimitKeys};

constexpr std::array kEffects{"repeat"sv, "keyed"sv, "once"sv};
constexpr std::array kEndpointKeys{
    Key{.name = "title", .description = "what it does, in a few words"},
    Key{.name = "description", .description = "what else there is to know"},
    Key{.name = "parameters",
        .type = KeyType::table_map,
        .description = "what a call gives in `with`",
        .table = &kValueParameterTable},
    Key{.name = "effect",
        .type = KeyType::choice,
        .description = "what may be done when it is not known whether a call acted: repeat it; "
                       "keyed: repeat it with its idempotency key, which the program knows again; "
                       "once, if not given: ask somebody",
        .choices = kEffects},
    Key{.name = "retry",
        .type = KeyType::table,
        .description = "what a failed call is tried again for, in the place of the plugin's",
        .table = &kRetryTable},
    Key{.name = "response",
        .type = KeyType::shape,
        .description = "what is known of the body that a step has"},
};
constexpr KeyTable kEndpointTableOfPlugins{"endpoint", "an endpoint", kEndpointKeys};

constexpr std::array kPluginKeys{
    Key{.name = "plugin",
        .type = KeyType::name,
        .is_required = true,
        .description = "the name that workflows call it by"},
    Key{.name = "version", .is_required = true, .description = "that of the program"},
    Key{.name = "title", .description = "what it is, in a few words"},
    Key{.name = "command",
        .type = KeyType::text_list,
        .is_required = true,
        .description = "the program and its arguments; a relative path starts at the folder of "
                       "the manifest"},
    Key{.name = "permissions",
        .type = KeyType::table,
        .description = "what it may do",
        .table = &kPermissionTable},
    Key{.name = "limits",
        .type = KeyType::table,
        .description = "how much it may use",
        .table = &kLimitTable},
    Key{.name = "auth",
        .type = KeyType::table_map,
        .description = "the kinds of credentials it takes, by name",
        .table = &kAuthTable},
    Key{.name = "retry",
        .type = KeyType::table,
        .description = "what a failed call is tried again for, where a workflow says nothing",
        .table = &kRetryTable},
    Key{.name = "test", .description = "the endpoint that tells whether a credential works"},
    Key{.name = "endpoints",
        .type = KeyType::table_map,
        .is_required = true,
        .description = "what it does, by id",
        .table = &kEndpointTableOfPlugins},
};

}  // namespace

constinit const KeyTable kPluginTable{"plugin", "a plugin", kPluginKeys};

PluginProgram read_plugin_program(const Fields& manifest, const std::filesystem::path& path) {
  PluginProgram program;
  program.version = manifest.text("version");
  program.command = manifest.texts("command");
  program.folder = path.parent_path();
  if (!program.command.empty() && program.command.front().empty())
    manifest.find("command")->error(manifest.diagnostics(), "'command' names no program");
  if (const auto* permissions = manifest.find("permissions")) {
    const Fields fields(*permissions, kPermissionTable, manifest.diagnostics());
    program.may_use_network = fields.boolean("network", program.may_use_network);
  }
  if (const auto* limits = manifest.find("limits")) {
    const Fields fields(*limits, kLimitTable, manifest.diagnostics());
    program.memory = fields.size("memory", program.memory);
    program.calls =
        static_cast<std::size_t>(fields.integer("calls", static_cast<std::int64_t>(program.calls)));
    if (program.memory < kLeastMemory || program.memory > kMostMemory)
      fields.find("memory")->error(manifest.diagnostics(), "'memory' must be from 16MiB to 64GiB");
  }
  return program;
}

Endpoint read_plugin_endpoint(const yaml::Node& id, const yaml::Node& node,
                              Diagnostics& diagnostics) {
  const Fields fields(node, kEndpointTableOfPlugins, diagnostics);
  Endpoint endpoint;
  endpoint.id = id.text;
  endpoint.title = fields.text("title", id.text);
  endpoint.description = fields.text("description");
  endpoint.effect = effect_named(fields.text("effect"));
  if (const auto* retry = fields.find("retry"))
    endpoint.retry = read_retry(*retry, kRetryTable, diagnostics);
  if (const auto* response = fields.find("response"))
    endpoint.response = read_shape(*response, diagnostics);
  if (const auto* parameters = fields.find("parameters")) {
    for (const auto& [name, parameter] : parameters->members)
      endpoint.parameters.push_back(
          read_parameter(*name, *parameter, diagnostics, kValueParameterTable));
  }
  return endpoint;
}

std::error_code list_plugin_manifests(const std::filesystem::path& folder,
                                      std::vector<std::filesystem::path>& manifests) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  if (error == std::errc::no_such_file_or_directory) return {};
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    auto manifest = entry->path() / "plugin.yaml";
    if (fs::is_regular_file(manifest, ignored)) manifests.push_back(std::move(manifest));
  }
  return error;
}

}  // namespace tba
