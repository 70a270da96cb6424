#include "tests/support/mail_server.h"

#include <cstdlib>

#include <fmt/format.h>
#include <httplib.h>

#include "tests/support/certificate.h"

namespace tba::tests {
namespace {

std::string write_certificate(const TemporaryFolder& folder) {
  const auto pair = make_certificate();
  auto path = folder.write("certificate.pem", pair.certificate + pair.key).string();
  setenv("TBA_MAIL_CERTIFICATE", path.c_str(), 1);
  return path;
}

}  // namespace

MailServers::MailServers()
    : certificate_(write_certificate(folder_)),
      peer_("tests/support/mail_server.mjs"),
      ports_(nlohmann::json::parse(peer_.greeting())) {}

std::string MailServers::url(const std::string& name) const {
  const bool is_encrypted = name == "tls" || name == "open" || name == "domain";
  return fmt::format("{}://127.0.0.1:{}", is_encrypted ? "smtps" : "smtp",
                     ports_.at(name).get<int>());
}

nlohmann::json MailServers::told(const std::string& path) const {
  httplib::Client client("127.0.0.1", ports_.at("control").get<int>());
  return nlohmann::json::parse(client.Get(path)->body);
}

void MailServers::forget() const {
  httplib::Client("127.0.0.1", ports_.at("control").get<int>()).Delete("/");
}

}  // namespace tba::tests
