#include "tests/support/daemon_process.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/eventually.h"

namespace tba::tests {

namespace {

using nlohmann::json;

constexpr auto kProgram = TBA_DAEMON_PROGRAM;
constexpr auto kLog = "stderr.log";
constexpr int kAnswerSeconds = 60;

class UnixClient final : public httplib::ClientImpl {
 public:
  explicit UnixClient(const std::filesystem::path& path) : ClientImpl("localhost"), path_(path) {
    set_read_timeout(kAnswerSeconds);
  }

 private:
  bool create_and_connect_socket(Socket& socket, httplib::Error& error) override {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    socket.sock = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(socket.sock, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0)
      return true;
    ::close(socket.sock);
    socket.sock = -1;
    error = httplib::Error::Connection;
    return false;
  }

  std::filesystem::path path_;
};

int exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

rlimit file_limit(std::optional<std::uint64_t> bytes) {
  return {.rlim_cur = bytes.value_or(RLIM_INFINITY), .rlim_max = RLIM_INFINITY};
}

std::vector<StreamedEvent> parse_events(const std::string& text) {
  std::vector<StreamedEvent> events;
  std::istringstream lines(text);
  StreamedEvent event;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("event: ")) event.name = line.substr(7);
    if (line.starts_with("data: ")) event.data = json::parse(line.substr(6));
    if (line.empty() && !event.name.empty()) events.push_back(std::exchange(event, {}));
  }
  return events;
}

}  // namespace

std::unique_ptr<httplib::ClientImpl> unix_client(const std::filesystem::path& socket) {
  return std::make_unique<UnixClient>(socket);
}

DaemonProcess::DaemonProcess(std::string_view config) {
  home_.write("config.yaml", fmt::format("http: {{ listen: \"127.0.0.1:0\" }}\n{}", config));
  std::filesystem::create_directory(home_ / "workflows");
}

DaemonProcess::~DaemonProcess() {
  if (pid_ > 0) kill();
}

pid_t DaemonProcess::spawn() const {
  const auto home = home_.path().string();
  const auto log = (home_ / kLog).string();
  const rlimit limit = file_limit(largest_file_);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child > 0) return child;
  // Only what is safe between fork and exec in a program with threads.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  ::dup2(file, STDERR_FILENO);
  ::setrlimit(RLIMIT_FSIZE, &limit);
  ::execl(kProgram, kProgram, "--home", home.c_str(), nullptr);
  ::_exit(127);
}

void DaemonProcess::launch() {
  pid_ = spawn();
}

void DaemonProcess::start() {
  launch();
  const auto is_ready = [this] {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      throw failure(fmt::format("the daemon ended with {}", exit_code(status)));
    }
    const auto answer = unix_client(socket())->Get("/readyz");
    return answer && answer->status == 200;
  };
  if (!eventually(is_ready)) throw failure("the daemon is not ready");
  const auto status = get("/api/v1/status");
  for (const auto& address : status.at("listen")) {
    const auto text = address.get<std::string>();
    if (text.starts_with("http:")) port_ = std::stoi(text.substr(text.rfind(':') + 1));
  }
}

int DaemonProcess::start_in_vain() const {
  return exit_code_of(spawn());
}

int DaemonProcess::kill() {
  signal(SIGKILL);
  return wait_for_exit();
}

int DaemonProcess::stop() {
  signal(SIGTERM);
  return wait_for_exit();
}

void DaemonProcess::signal(int number) const {
  if (pid_ < 0) throw failure("the daemon does not run");
  ::kill(pid_, number);
}

int DaemonProcess::wait_for_exit() {
  return exit_code_of(std::exchange(pid_, -1));
}

int DaemonProcess::exit_code_of(pid_t process) const {
  int status = 0;
  if (!eventually([&] { return ::waitpid(process, &status, WNOHANG) == process; })) {
    ::kill(process, SIGKILL);
    ::waitpid(process, &status, 0);
    throw failure("the daemon does not end");
  }
  return exit_code(status);
}

void DaemonProcess::limit_files(std::optional<std::uint64_t> bytes) {
  largest_file_ = bytes;
  const rlimit limit = file_limit(bytes);
  if (pid_ > 0 && ::prlimit(pid_, RLIMIT_FSIZE, &limit, nullptr) != 0)
    throw failure("the limit cannot be set");
}

std::string DaemonProcess::log() const {
  std::ifstream in(home_ / kLog, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::runtime_error DaemonProcess::failure(const std::string& what) const {
  const auto written = log();
  return std::runtime_error(
      fmt::format("{}; it wrote:\n{}", what,
                  written.substr(written.size() - std::min<std::size_t>(written.size(), 4000))));
}

void DaemonProcess::write_workflow(std::string_view name, std::string_view text) const {
  home_.write(fmt::format("workflows/{}.yaml", name), text);
}

void DaemonProcess::set_credential(std::string_view name, const json& credential) const {
  const auto answer = call("PUT", fmt::format("/api/v1/credentials/{}", name), credential);
  if (!answer || answer->status / 100 != 2)
    throw failure(fmt::format("credential {}: {}", name, answer ? answer->body : "no answer"));
}

json DaemonProcess::get(const std::string& path) const {
  const auto answer = call("GET", path);
  if (!answer || answer->status != 200)
    throw failure(fmt::format("GET {}: {}", path, answer ? answer->body : "no answer"));
  return json::parse(answer->body);
}

httplib::Result DaemonProcess::call(const std::string& method, const std::string& path,
                                    const json& body) const {
  httplib::Request request;
  request.method = method;
  request.path = path;
  if (!body.is_null()) request.body = body.dump();
  return unix_client(socket())->send(request);
}

std::vector<json> DaemonProcess::list(const std::string& path) const {
  std::vector<json> items;
  const std::string paged = path + (path.find('?') == path.npos ? "?" : "&") + "limit=200";
  for (std::string cursor;;) {
    const auto page = get(cursor.empty() ? paged : paged + "&cursor=" + cursor);
    for (const auto& item : page.at("items")) items.push_back(item);
    if (page.at("next").is_null()) return items;
    cursor = page.at("next").get<std::string>();
  }
}

std::string DaemonProcess::start_run(const std::string& workflow, const json& inputs) const {
  const auto answer =
      call("POST", fmt::format("/api/v1/workflows/{}/runs", workflow), {{"inputs", inputs}});
  if (!answer || answer->status != 201)
    throw failure(fmt::format("a run of {}: {}", workflow, answer ? answer->body : "no answer"));
  return json::parse(answer->body).at("id");
}

std::vector<StreamedEvent> DaemonProcess::events(const std::string& run,
                                                 const std::function<void()>& on_begin) const {
  std::string text;
  const auto answer = unix_client(socket())->Get(
      fmt::format("/api/v1/runs/{}/events", run), [&](const char* data, std::size_t size) {
        const bool had_event = text.find("\n\n") != text.npos;
        text.append(data, size);
        if (!had_event && text.find("\n\n") != text.npos) on_begin();
        return true;
      });
  if (!answer || answer->status != 200)
    throw failure(fmt::format("events of {}: {}", run, answer ? text : "cut short"));
  return parse_events(text);
}

json DaemonProcess::finished_run(const std::string& run) const {
  events(run);
  return get("/api/v1/runs/" + run);
}

}  // namespace tba::tests
