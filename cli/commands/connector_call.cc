#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/arguments.h"
#include "cli/commands/commands.h"
#include "cli/connector_record.h"
#include "cli/json_fields.h"
#include "cli/output.h"
#include "cli/text_file.h"
#include "shared/cassette.h"
#include "shared/file.h"
#include "shared/page_walk.h"
#include "shared/uri.h"
#include "shared/value/json.h"

namespace tba::cli {
namespace {

struct Options {
  std::string endpoint;
  std::vector<std::string> parameters;
  std::string credential;
  bool dry_run = false;
  bool paginate = false;
  std::optional<std::int64_t> pages;  // with paginate: how many at most
  bool record = false;
  std::string cassettes;  // with record: the file; or empty
};

void print_answer(Console& console, const Json& answer, double status) {
  console.err << styled(fmt::format("status {:.0f}", status),
                        status < 400 ? Style::good : Style::bad, console.colour_err)
              << '\n';
  const Json& body = member_of(answer, "body");
  if (body.is_string()) {
    console.out << body.get_ref<const std::string&>() << '\n';
  } else if (!body.is_null()) {
    print_json(console.out, body);
  }
}

// Line by line, so that none of them can move the cursor.
void print_text(std::ostream& out, std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    out << one_line(line) << '\n';
  }
}

void print_request(Console& console, const Json& request) {
  console.out << fmt::format("{} {}\n", text_of(request, "method"),
                             one_line(text_of(request, "url")));
  for (const auto& [name, value] : member_of(request, "headers").items())
    console.out << fmt::format("{}: {}\n", name, one_line(value.get_ref<const std::string&>()));
  const Json& body = member_of(request, "body");
  if (body.is_null()) return;
  console.out << '\n';
  if (!body.is_string()) return print_json(console.out, body);
  const auto& text = body.get_ref<const std::string&>();
  print_text(console.out, text);
  const double bytes = number_of(request, "body_bytes").value_or(0);
  if (bytes > static_cast<double>(text.size()))
    console.err << fmt::format("this is the beginning of a body of {:.0f} bytes\n", bytes);
}

// What is asked of the daemon.
struct Call {
  DaemonClient daemon;
  std::string path;
  Json body;
};

Outcome<Call> prepare(Session& session, const Options& options) {
  const std::size_t slash = options.endpoint.find('/');
  if (slash == std::string::npos) {
    return usage_error(fmt::format("'{}' is no endpoint", options.endpoint),
                       "write connector/endpoint, such as github/get-user");
  }
  const std::string connector_name = options.endpoint.substr(0, slash);
  const std::string endpoint_id = options.endpoint.substr(slash + 1);
  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  const std::string connector_path = "/connectors/" + percent_encode(connector_name);
  const auto connector = daemon->get(connector_path);
  if (!connector) return connector.error();
  const auto endpoint = find_endpoint(*connector, endpoint_id);
  if (!endpoint) return endpoint.error();
  auto parameters =
      typed_values(options.parameters, member_of(*endpoint, "parameters"), "parameter");
  if (!parameters) return parameters.error();

  Json body = {{"parameters", std::move(*parameters)}};
  if (!options.credential.empty()) body["credential"] = options.credential;
  return Call{std::move(*daemon),
              fmt::format("{}/endpoints/{}", connector_path, percent_encode(endpoint_id)),
              std::move(body)};
}

Outcome<ExitCode> preview(Session& session, const Call& call) {
  const auto request = call.daemon.post(call.path + "/preview", call.body);
  if (!request) return request.error();
  if (session.json()) {
    print_json(session.console().out, *request);
  } else {
    print_request(session.console(), *request);
  }
  return ExitCode::done;
}

Outcome<std::string> text_there(const std::filesystem::path& file) {
  auto text = read_file(file, kMaxConnectorBytes);
  if (text) return *std::move(text);
  if (text.error().code == ErrorCode::not_found) return std::string();
  return from_error(text.error());
}

// Puts the call that was made behind those that the file has.
Outcome<> keep(Session& session, const Options& options, const Json& answer) {
  const auto why_not = text_of(answer, "not_recorded");
  if (!why_not.empty())
    return CliError{ExitCode::failed, "the call was made, but not recorded: " + why_not, ""};
  const auto paths = session.paths();
  if (!paths) return paths.error();
  const auto connector = options.endpoint.substr(0, options.endpoint.find('/'));
  const std::filesystem::path file = options.cassettes.empty()
                                         ? paths->connectors / "cassettes" / (connector + ".yaml")
                                         : std::filesystem::path(options.cassettes);
  const auto text = text_there(file);
  if (!text) return text.error();
  const auto cassette = parse_json(member_of(answer, "cassette").dump());
  if (!cassette) return from_error(cassette.error());
  const auto longer = with_cassette(*text, *cassette);
  if (!longer) {
    return CliError{ExitCode::invalid_file,
                    fmt::format("{}: {}", file.string(), longer.error().message),
                    longer.error().hint};
  }
  if (file.has_parent_path()) {
    if (const auto folder = make_private_folder(file.parent_path()); !folder) return folder.error();
  }
  if (const auto written = replace_file(file, *longer); !written) return written.error();
  session.console().err << fmt::format(
      "recorded in {}; look whether its answer may be shown before you give it to others\n",
      file.string());
  return {};
}

Outcome<ExitCode> send(Session& session, Call call, const Options& options) {
  if (options.record) call.body["record"] = true;
  auto answer = call.daemon.post(call.path + "/call", call.body);
  if (!answer) return answer.error();
  const Json whole = *answer;
  answer->erase("cassette");
  answer->erase("not_recorded");
  const double status = number_of(*answer, "status").value_or(0);
  if (session.json()) {
    print_json(session.console().out, *answer);
  } else {
    print_answer(session.console(), *answer, status);
  }
  if (options.record) {
    if (const auto kept = keep(session, options, whole); !kept) return kept.error();
  }
  return status >= 200 && status < 400 ? ExitCode::done : ExitCode::failed;
}

// Each item is a line of JSON, printed as soon as its page is there.
void print_items(Console& console, const Json& page, std::size_t count) {
  const Json& items = member_of(page, "body");
  for (std::size_t i = 0; i < count; ++i) console.out << items[i].dump() << '\n';
  console.out.flush();
}

Outcome<ExitCode> send_for_pages(Session& session, Call call, std::optional<std::int64_t> pages) {
  PageWalk walk(PageCaps{.pages = pages, .items = {}}, kLargestBounds);
  call.body["page"] = nullptr;
  for (Value asked; !walk.is_over();) {
    const auto page = call.daemon.post(call.path + "/call", call.body);
    if (!page) return page.error();
    const double status = number_of(*page, "status").value_or(0);
    if (status >= 400) {
      print_answer(session.console(), *page, status);
      return ExitCode::failed;
    }
    auto next = parse_json(member_of(*page, "next").dump());
    if (!next) return from_error(next.error());
    const auto wanted = walk.add(asked, member_of(*page, "body").size(), *next);
    if (!wanted) return CliError{ExitCode::failed, wanted.error().message, wanted.error().hint};
    print_items(session.console(), *page, *wanted);
    call.body["page"] = member_of(*page, "next");
    asked = *std::move(next);
  }
  session.console().err << fmt::format("items {}, pages {}{}\n", walk.items(), walk.pages(),
                                       walk.is_complete() ? "" : ", and there are others");
  return ExitCode::done;
}

Outcome<ExitCode> call(Session& session, const Options& options) {
  if (options.record && options.paginate)
    return usage_error("pages are not recorded", "leave out --paginate or --record");
  if (options.record && options.dry_run)
    return usage_error("nothing is sent, so nothing is answered",
                       "leave out --dry-run or --record");
  auto prepared = prepare(session, options);
  if (!prepared) return prepared.error();
  if (options.paginate) return send_for_pages(session, *std::move(prepared), options.pages);
  return options.dry_run ? preview(session, *prepared)
                         : send(session, *std::move(prepared), options);
}

}  // namespace

Action build_connector_call(CLI::App& arguments) {
  const auto options = std::make_shared<Options>();
  arguments.add_option("endpoint", options->endpoint, "connector/endpoint")
      ->required()
      ->type_name("");
  arguments.add_option("parameters", options->parameters, "name=value, any number of them")
      ->type_name("");
  arguments.add_option("--credential", options->credential, "The credential to call it with")
      ->type_name("NAME");
  arguments.add_flag("--dry-run", options->dry_run,
                     "Send nothing; print the request, its secrets masked");
  auto* paginate =
      arguments
          .add_flag("--paginate", options->paginate,
                    "Ask for all pages of the list; print its items, a line of JSON each")
          ->excludes("--dry-run");
  arguments.add_option("--pages", options->pages, "How many pages to ask for at most")
      ->needs(paginate)
      ->check(CLI::Range(std::int64_t{1}, kMostPages))
      ->type_name("N");
  auto* record =
      arguments.add_flag("--record", options->record,
                         "Put the call into the cassettes of its connector, for `connector test`");
  arguments
      .add_option("--cassettes", options->cassettes,
                  "Where to (else cassettes/CONNECTOR.yaml in the folder of connectors)")
      ->needs(record)
      ->type_name("FILE");
  arguments.footer(
      "Prints the answer's body; its status goes to stderr. Ends with 1 where that is not 2xx or\n"
      "3xx, or where there is no answer; with 7 where none came in time. With --output json: "
      "status, headers and body. With --dry-run: method, url, headers, body and body_bytes.\n\n"
      "  tba-integrate connector call github/get-user username=octocat --credential github-bot");
  return [options](Session& session) { return call(session, *options); };
}

}  // namespace tba::cli
