#include "daemon/net/client_certificate.h"

#include <atomic>

#include <catch2/catch.hpp>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "daemon/net/curl_client.h"
#include "tests/support/certificate.h"
#include "tests/support/http_server.h"
#include "tests/support/result.h"
#include "tests/support/run_coroutine.h"
#include "tests/support/temporary_folder.h"

using tba::net::ClientCertificate;
using tba::net::CurlClient;
using tba::net::HttpFailure;
using tba::net::HttpRequest;
using tba::tests::Certificate;
using tba::tests::HttpServer;
using tba::tests::make_certificate;
using tba::tests::run_coroutine;

namespace {

std::shared_ptr<const ClientCertificate> read(const Certificate& certificate) {
  return ClientCertificate::read(certificate.certificate, certificate.key).value();
}

/// The common name in the certificate that the client showed on this connection.
std::string name_shown(const httplib::Request& request) {
  const std::unique_ptr<X509, void (*)(X509*)> shown(SSL_get1_peer_certificate(request.ssl),
                                                     X509_free);
  std::array<char, 64> name{};
  if (shown)
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown.get()), NID_commonName, name.data(),
                              static_cast<int>(name.size()));
  return name.data();
}

/// The key as OpenSSL writes it where a passphrase is wanted.
std::string encrypted(const std::string& key) {
  const std::unique_ptr<BIO, int (*)(BIO*)> in(
      BIO_new_mem_buf(key.data(), static_cast<int>(key.size())), BIO_free);
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> read_key(
      PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  const std::unique_ptr<BIO, int (*)(BIO*)> out(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PrivateKey(out.get(), read_key.get(), EVP_aes_128_cbc(),
                           reinterpret_cast<const unsigned char*>("secret"), 6, nullptr, nullptr);
  char* text = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

/// Two clients, and a server that knows both and nobody else, and answers with the name it is
/// shown.
struct World {
  explicit World() { REQUIRE(client.start()); }

  tba::net::HttpResult get(std::shared_ptr<const ClientCertificate> shown,
                           std::string_view path = "/", bool follow = false) {
    HttpRequest request{.url = server.url(path)};
    request.client_certificate = std::move(shown);
    request.follow_redirects = follow;
    return run_coroutine(client.send(std::move(request)));
  }

  tba::tests::TemporaryFolder folder;
  Certificate own = make_certificate();
  Certificate alice = make_certificate("alice");
  Certificate bob = make_certificate("bob");
  std::string own_file = folder.write("own.pem", own.certificate).string();
  std::string key_file = folder.write("own.key", own.key).string();
  std::string clients_file =
      folder.write("clients.pem", alice.certificate + bob.certificate).string();
  std::atomic<int> requests = 0;
  HttpServer unasking{own_file, key_file, [](httplib::Server& routes) {
                        routes.Get(
                            "/", [](const httplib::Request& request, httplib::Response& response) {
                              response.set_content("shown: " + name_shown(request), "text/plain");
                            });
                      }};
  HttpServer server{
      own_file, key_file, clients_file, [this](httplib::Server& routes) {
        routes.Get("/", [this](const httplib::Request& request, httplib::Response& response) {
          ++requests;
          response.set_content(name_shown(request), "text/plain");
        });
        routes.Get("/away", [this](const httplib::Request&, httplib::Response& response) {
          response.set_redirect(unasking.url());
        });
      }};
  CurlClient client{{.ca_file = own_file}};
};

}  // namespace

TEST_CASE("client certificate: proves to the far side who is calling") {
  World world;
  const auto result = world.get(read(world.alice));
  REQUIRE(result.has_value());
  CHECK(result->body == "alice");
}

TEST_CASE("client certificate: without one, or with a stranger's, the far side turns away") {
  World world;
  const auto without = world.get(nullptr);
  REQUIRE(without.has_error());
  const auto strange = world.get(read(make_certificate("mallory")));
  REQUIRE(strange.has_error());
  CHECK(world.requests == 0);
}

TEST_CASE("client certificate: a connection belongs to the certificate that was shown on it") {
  World world;
  const auto alice = read(world.alice);
  const auto bob = read(world.bob);
  for (const auto& [shown, name] : {std::pair(alice, "alice"), std::pair(bob, "bob"),
                                    std::pair(alice, "alice"), std::pair(bob, "bob")}) {
    const auto result = world.get(shown);
    REQUIRE(result.has_value());
    CHECK(result->body == name);
  }
  CHECK(world.get(nullptr).has_error());
  CHECK(world.requests == 4);
}

TEST_CASE("client certificate: another origin is not shown it") {
  World world;
  const auto result = world.get(read(world.alice), "/away", true);
  REQUIRE(result.has_value());
  CHECK(result->body == "shown: ");
}

TEST_CASE("client certificate: what is none is refused before anything is sent") {
  const auto one = make_certificate("one");
  const auto other = make_certificate("other");
  const auto problem = [](std::string_view certificate, std::string_view key) {
    const auto made = ClientCertificate::read(certificate, key);
    REQUIRE(made.has_error());
    CHECK(made.error().code == tba::ErrorCode::invalid);
    return made.error().message;
  };
  CHECK(problem("", one.key) == "the client certificate is not one in PEM");
  CHECK(problem(one.key, one.key) == "the client certificate is not one in PEM");
  CHECK(problem(one.certificate, "none") ==
        "the private key of the client certificate is not one in PEM, or is encrypted");
  CHECK(problem(one.certificate, encrypted(one.key)) ==
        "the private key of the client certificate is not one in PEM, or is encrypted");
  CHECK(problem(one.certificate, other.key) ==
        "the private key is not that of the client certificate");
}

TEST_CASE("client certificate: is shown to nobody in the clear") {
  World world;
  HttpRequest request{.url = "http://127.0.0.1:1/"};
  request.client_certificate = read(world.alice);
  const auto result = run_coroutine(world.client.send(std::move(request)));
  REQUIRE(result.has_error());
  CHECK(result.error().kind == HttpFailure::Kind::invalid);
  CHECK_FALSE(result.error().sent);
}
