#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/connector.h"
#include "shared/import/imported_connector.h"
#include "shared/import/names.h"
#include "shared/import/unsupported.h"

/// Endpoints made of requests that somebody sends: what stands in them becomes the defaults of
/// parameters, so that a call without any sends the same again.
namespace tba::importing {

/// A part of a request that has a name.
struct SampleField {
  std::string name;
  /// With a placeholder in it ("{{id}}", "$ID", "<id>", "YOUR_ID") it counts as not known.
  std::string value;
  std::string description = {};
  bool is_known = true;      ///< False: the value is elsewhere, so that calls have to give it.
  bool is_file = false;      ///< Of a multipart body.
  bool is_optional = false;  ///< It is not sent, but may be.
};

/// What a request sends.
struct SampleBody {
  enum class Kind { none, json, form, multipart, raw };
  Kind kind = Kind::none;
  std::string text = {};                 ///< json, raw; JSON may have placeholders for values.
  bool is_known = true;                  ///< False: the text is elsewhere.
  std::vector<SampleField> fields = {};  ///< form, multipart
  std::string content_type = {};         ///< Where that is not its kind's.
};

/// A request.
struct Sample {
  std::string id = {};  ///< As it may be called; empty: made of method and path.
  std::string title = {};
  std::string description = {};
  std::string method = "GET";
  std::string base_url = {};  ///< Without a slash at its end.
  std::string path = {};      ///< As URLs have it. A segment may be a placeholder, also as ":id".
  std::vector<SampleField> variables = {};  ///< What is known of placeholders in the path.
  std::vector<SampleField> query = {};
  std::vector<SampleField> headers = {};
  SampleBody body = {};
  std::optional<AuthScheme> auth = {};  ///< How it proves who is calling, where that is known.
};

/// A scheme of a type that needs nothing else.
AuthScheme auth_of_type(AuthScheme::Type type);

/// One that puts a key there.
AuthScheme auth_of_key(AuthScheme::Place place, std::string_view parameter,
                       std::string_view prefix = {});

/// The auth scheme by which a header Authorization of that value proves who is calling; nothing
/// where no connector can.
std::optional<AuthScheme> auth_of_authorization(std::string_view value);

/// Gathers samples in a connector.
class SampleGatherer {
 public:
  /// Only samples whose endpoint's id is like `only`, a pattern of fnmatch(3); empty: all.
  explicit SampleGatherer(std::string only = {}) : only_(std::move(only)) {}

  /// Makes an endpoint of it, and an auth scheme where it proves who is calling. No secret gets
  /// into either. What cannot be said is noted.
  void add(const Sample& sample);

  /// Adds a scheme, by that name or one like it, unless it is there already.
  void add_auth(AuthScheme scheme);

  /// Its name, title and base URL are the caller's to set, the last one before samples are added.
  Connector& connector() { return imported_.connector; }
  Unsupported& unsupported() { return unsupported_; }

  ImportedConnector gathered() &&;

 private:
  std::string only_;
  ImportedConnector imported_;
  Unsupported unsupported_;
  UniqueNames ids_;
  UniqueNames scheme_names_;
};

}  // namespace tba::importing
