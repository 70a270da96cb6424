#include "daemon/vault/credentials.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "daemon/vault/sealing.h"
#include "shared/base_url.h"
#include "shared/key_table.h"

namespace tba::vault {
namespace {

using Type = AuthScheme::Type;

constexpr std::size_t kLongestBaseUrl = 2'000;
constexpr std::size_t kLongestField = 64 << 10;

// Sealed with the fields, under the name that none of them has.
constexpr std::string_view kType;

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

Error invalid(std::string message, std::string hint = {}) {
  return {ErrorCode::invalid, std::move(message), std::move(hint)};
}

/// The rule of workflow files, which could not use any other name.
Result<> check_name(std::string_view name) {
  if (is_name(name)) return {};
  return invalid(fmt::format("'{}' is not a name for a credential", name),
                 "begin with a letter; go on with letters, digits, '_' and '-', 100 in all");
}

Result<> check_base_url(std::string_view url, const Connector& connector,
                        const AuthScheme& scheme) {
  const auto& form = connector.sends_mail ? kSmtpBaseUrl : kHttpBaseUrl;
  const auto hint = fmt::format("it looks like {}", form.example);
  if (url.empty()) {
    if (!connector.needs_base_url(scheme)) return {};
    return invalid(
        fmt::format("the base URL is missing, which connector '{}' leaves to its credentials",
                    connector.name),
        hint);
  }
  const auto begin = scheme_of(url, form);
  const auto after_scheme = url.substr(begin.size());
  const auto authority = after_scheme.substr(0, after_scheme.find('/'));
  if (begin.empty() || authority.empty() || authority.front() == ':' ||
      url.size() > kLongestBaseUrl) {
    return invalid(connector.sends_mail ? "the base URL is not an smtps or smtp URL"
                                        : "the base URL is not an absolute http or https URL",
                   hint);
  }
  if (!form.may_have_path && authority.size() < after_scheme.size())
    return invalid("the base URL of a mail server has no path", hint);
  if (authority.find('@') != std::string_view::npos) {
    return invalid("the base URL holds a user name or password", hint);
  }
  if (std::ranges::any_of(url, [](char c) {
        return is_control(c) || c == ' ' || c == '?' || c == '#' || c == '{' || c == '}' ||
               c == '\\';
      })) {
    return invalid("the base URL holds a query, a fragment or a character that must be encoded",
                   hint);
  }
  return {};
}

Result<> check_field(const CredentialField& field, std::string_view value) {
  if (value.empty() && field.is_required && !field.may_be_empty)
    return invalid(fmt::format("the field '{}' is empty", field.name));
  if (value.size() > kLongestField) {
    return invalid(
        fmt::format("the field '{}' is longer than {} bytes", field.name, kLongestField));
  }
  if (field.is_sent && std::ranges::any_of(value, is_control)) {
    return invalid(
        fmt::format("the field '{}' holds a line break or another control character, "
                    "which cannot be sent",
                    field.name));
  }
  return {};
}

/// "scheme 'oauth' takes: client_id, and may have: scopes"
std::string describe(const AuthScheme& scheme, const std::vector<CredentialField>& fields) {
  std::vector<std::string_view> required;
  std::vector<std::string_view> optional;
  for (const auto& field : fields) (field.is_required ? required : optional).push_back(field.name);
  if (fields.empty()) return fmt::format("scheme '{}' takes none", scheme.name);
  auto text = fmt::format("scheme '{}' takes: {}", scheme.name, fmt::join(required, ", "));
  if (!optional.empty()) text += fmt::format("; it may have: {}", fmt::join(optional, ", "));
  return text;
}

Result<> check_fields(const AuthScheme& scheme, const Fields& fields) {
  const auto described = fields_of(scheme);
  for (const auto& [name, value] : fields) {
    if (std::ranges::find(described, name, &CredentialField::name) == described.end()) {
      return invalid(fmt::format("scheme '{}' has no field '{}'", scheme.name, name),
                     describe(scheme, described));
    }
  }
  for (const auto& field : described) {
    const auto found = fields.find(field.name);
    if (found == fields.end()) {
      if (!field.is_required) continue;
      return invalid(fmt::format("the field '{}' is missing", field.name),
                     describe(scheme, described));
    }
    if (auto checked = check_field(field, found->second.view()); !checked) return checked;
  }
  if (const auto grant = fields.find("grant"); scheme.oauth2 && grant != fields.end()) {
    const auto named = grant_named(grant->second.view());
    if (!named || !scheme.oauth2->has(*named)) {
      return invalid(fmt::format("scheme '{}' has no such grant as 'grant' says", scheme.name),
                     fmt::format("it has: {}", fmt::join(names_of(scheme.oauth2->grants), ", ")));
    }
  }
  if (scheme.type == Type::basic && !scheme.is_for_mail &&
      fields.find("username")->second.view().find(':') != std::string_view::npos) {
    return invalid("the field 'username' holds a ':', which HTTP's basic scheme cannot carry");
  }
  return {};
}

Result<> check(const NewCredential& credential) {
  if (auto named = check_name(credential.name); !named) return named;
  const auto* scheme = credential.connector->scheme(credential.scheme);
  if (!scheme) {
    std::vector<std::string_view> names;
    for (const auto& other : credential.connector->auth) names.push_back(other.name);
    return invalid(
        fmt::format("connector '{}' has no auth scheme '{}'", credential.connector->name,
                    credential.scheme),
        names.empty() ? "it has none at all" : fmt::format("it has: {}", fmt::join(names, ", ")));
  }
  if (auto url = check_base_url(credential.base_url, *credential.connector, *scheme); !url)
    return url;
  return check_fields(*scheme, credential.fields);
}

/// Masks what must not be seen of `fields`; of a user and password also the pair, which is what
/// base64 hides in a header.
LiveSecrets::Registration masks_for(LiveSecrets& live_secrets, Type type, const Fields& fields) {
  std::vector<std::string_view> secrets;
  for (const auto& [name, value] : fields) {
    if (field_named(name).is_secret) secrets.push_back(value.view());
  }
  std::string pair;
  if (type == Type::basic) {
    const auto username = fields.find("username")->second.view();
    const auto password = fields.find("password")->second.view();
    if (password.empty()) secrets.push_back(username);  // an API key in the place of a user's name
    pair.append(username).append(":").append(password);
    secrets.push_back(pair);
  }
  auto registration = live_secrets.add(secrets);
  wipe(pair);
  return registration;
}

constexpr std::string_view kLostForGood =
    "Where the key is lost for good, remove the credentials and set them anew";

/// Says what it means that the key cannot be loaded while `rows` credentials are stored.
Error lost_key(Error error, std::size_t rows) {
  error.message +=
      fmt::format(", and {} stored credential{} it", rows, rows == 1 ? " needs" : "s need");
  error.hint += fmt::format("; then restart the daemon. {}", kLostForGood);
  return error;
}

std::optional<Error> key_problem_of(const Result<MasterKey>& key, const KeyFile& file,
                                    const std::vector<storage::Credential>& rows) {
  if (!key) {
    if (!rows.empty()) return lost_key(key.error(), rows.size());
    if (key.error().code == ErrorCode::not_found) return std::nullopt;
    return key.error();
  }
  std::optional<MasterKey::Id> other;
  for (const auto& row : rows) {
    const auto id = sealed_with(row);
    if (id == key->id()) return std::nullopt;
    if (id) other = id;
  }
  if (!other) return std::nullopt;
  return Error{
      ErrorCode::invalid,
      fmt::format("the vault's key file {} does not fit: the stored credentials are sealed "
                  "with key {}, the file holds key {}",
                  file.path.native(), short_text(*other), short_text(key->id())),
      fmt::format("restore the right key file from a backup, then restart the daemon. {}",
                  kLostForGood)};
}

/// Whether somebody must log in before a credential with these fields can be used.
bool waits_for_login(const AuthScheme& scheme, const Fields& fields) {
  if (!scheme.oauth2 || fields.contains("access_token") || fields.contains("refresh_token"))
    return false;
  const auto chosen = fields.find("grant");
  const auto grant = chosen == fields.end() ? std::nullopt : grant_named(chosen->second.view());
  return grant ? needs_somebody(*grant)
               : std::ranges::any_of(scheme.oauth2->grants, needs_somebody);
}

Error being_changed(std::string_view name) {
  return {ErrorCode::conflict,
          fmt::format("credential '{}' is being changed by somebody else", name),
          "look at it, then try again"};
}

/// Whether a change of the credential was carried out.
Result<> committed(const Result<storage::Outcome>& outcome, std::string_view name) {
  if (!outcome) {
    return with_context(outcome.error(), fmt::format("while storing credential '{}'", name));
  }
  if (!std::holds_alternative<storage::Committed>(*outcome)) return being_changed(name);
  return {};
}

}  // namespace

/// Lets one coroutine at a time change the credential of a name, so that what find() gives follows
/// the store.
class Credentials::Claim {
 public:
  Claim(Credentials& credentials, const std::string& name) : credentials_(credentials) {
    std::lock_guard lock(credentials_.mutex_);
    if (credentials_.claimed_.insert(name).second) name_ = name;
  }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;
  ~Claim() {
    if (!name_) return;
    std::lock_guard lock(credentials_.mutex_);
    credentials_.claimed_.erase(*name_);
  }

  explicit operator bool() const { return name_.has_value(); }

 private:
  Credentials& credentials_;
  std::optional<std::string> name_;
};

Credentials::Credentials(Environment environment, KeyFile key_file)
    : environment_(environment), key_file_(std::move(key_file)) {}

Credentials::~Credentials() = default;

boost::asio::awaitable<Result<>> Credentials::load() {
  const auto rows = co_await environment_.store.credentials();
  if (!rows) co_return with_context(rows.error(), "while reading the stored credentials");

  auto key = MasterKey::load(key_file_);
  auto key_problem = key_problem_of(key, key_file_, *rows);
  std::map<std::string, Entry, std::less<>> entries;
  for (const auto& row : *rows) {
    auto fields = key_problem ? Result<Fields>(*key_problem) : unseal(row, *key);
    entries.emplace(row.name, opened(row, std::move(fields)));
  }

  std::lock_guard lock(mutex_);
  entries_ = std::move(entries);
  key_problem_ = std::move(key_problem);
  if (key) key_ = std::make_shared<const MasterKey>(std::move(*key));
  co_return Result<>();
}

std::optional<Error> Credentials::key_problem() const {
  std::lock_guard lock(mutex_);
  return key_problem_;
}

std::shared_ptr<const Credential> Credentials::find(std::string_view name) const {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end() || !found->second.summary.problem.empty()) return nullptr;
  return found->second.opened;
}

std::shared_ptr<const Credential> Credentials::find_for_login(std::string_view name) const {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : found->second.opened;
}

bool Credentials::knows(std::string_view name) const {
  std::lock_guard lock(mutex_);
  return entries_.find(name) != entries_.end();
}

std::string Credentials::problem(std::string_view name) const {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return fmt::format("credential '{}' does not exist", name);
  const auto& problem = found->second.summary.problem;
  return problem.empty() ? std::string()
                         : fmt::format("credential '{}' cannot be used: {}", name, problem);
}

std::vector<CredentialSummary> Credentials::list() const {
  std::lock_guard lock(mutex_);
  std::vector<CredentialSummary> summaries;
  for (const auto& [name, entry] : entries_) summaries.push_back(entry.summary);
  return summaries;
}

boost::asio::awaitable<Result<CredentialSummary>> Credentials::set(NewCredential credential) {
  if (auto checked = check(credential); !checked) co_return checked.error();
  const Claim claim(*this, credential.name);
  if (!claim) co_return being_changed(credential.name);
  const auto* scheme = credential.connector->scheme(credential.scheme);
  if (waits_for_login(*scheme, credential.fields)) {
    const auto problem =
        fmt::format("nobody has logged in with it yet; `tba-integrate credential login {}` does",
                    credential.name);
    credential.fields.emplace(kLoginProblem, Secret(problem));
  }

  storage::Credential row;
  row.name = credential.name;
  row.connector = credential.connector->name;
  row.scheme = credential.scheme;
  row.base_url = credential.base_url;
  row.updated_at = environment_.clock.now();
  {
    std::lock_guard lock(mutex_);
    const auto old = entries_.find(row.name);
    const bool is_new = old == entries_.end();
    row.id = is_new ? environment_.ids.next<CredentialId>() : old->second.summary.id;
    row.version = is_new ? 1 : old->second.summary.version + 1;
    row.created_at = is_new ? row.updated_at : old->second.summary.created_at;
  }
  auto entry = co_await store(std::move(row), scheme->type, std::move(credential.fields));
  if (!entry) co_return entry.error();
  if (listener_) listener_(entry->summary.name);
  co_return std::move(entry->summary);
}

boost::asio::awaitable<Result<std::shared_ptr<const Credential>>> Credentials::update(
    std::string name, std::int64_t version, FieldChanges changes) {
  const Claim claim(*this, name);
  if (!claim) co_return being_changed(name);
  const auto old = find_for_login(name);
  if (!old) co_return Error{ErrorCode::not_found, problem(name), ""};
  if (old->version != version) co_return being_changed(name);

  storage::Credential row;
  row.id = old->id;
  row.name = std::move(name);
  row.connector = old->connector;
  row.scheme = old->scheme;
  row.base_url = old->base_url;
  row.version = version + 1;
  row.updated_at = environment_.clock.now();
  {
    std::lock_guard lock(mutex_);
    row.created_at = entries_.find(row.name)->second.summary.created_at;
  }
  Fields fields;
  for (const auto& [field, value] : old->fields) {
    if (!changes.contains(field)) fields.emplace(field, value.clone());
  }
  for (auto& [field, value] : changes) {
    if (value) fields.emplace(field, std::move(*value));
  }
  auto entry = co_await store(std::move(row), old->type, std::move(fields));
  if (!entry) co_return entry.error();
  const bool is_as_usable = entry->summary.problem == old->field(kLoginProblem);
  if (listener_ && !is_as_usable) listener_(entry->summary.name);
  co_return std::move(entry->opened);
}

/// Seals and stores what the row is to hold, and has it in use from then on.
boost::asio::awaitable<Result<Credentials::Entry>> Credentials::store(storage::Credential row,
                                                                      AuthScheme::Type type,
                                                                      Fields fields) {
  const auto key = key_for_sealing();
  if (!key) co_return key.error();
  fields.insert_or_assign(std::string(kType), Secret(name_of(type)));
  seal(row, fields, **key, environment_.random);

  storage::Change change;
  change.writes.emplace_back(storage::PutCredential{row, row.version - 1});
  auto outcome = co_await environment_.store.submit(std::move(change));
  if (auto done = committed(outcome, row.name); !done) co_return done.error();

  auto entry = opened(row, std::move(fields));
  std::lock_guard lock(mutex_);
  entries_.insert_or_assign(row.name, entry);
  co_return entry;
}

boost::asio::awaitable<Result<>> Credentials::remove(std::string name) {
  const Claim claim(*this, name);
  if (!claim) co_return being_changed(name);
  {
    std::lock_guard lock(mutex_);
    if (!entries_.contains(name)) {
      co_return Error{ErrorCode::not_found, fmt::format("credential '{}' does not exist", name),
                      ""};
    }
  }
  storage::Change change;
  change.writes.emplace_back(storage::RemoveCredential{name});
  auto outcome = co_await environment_.store.submit(std::move(change));
  if (auto done = committed(outcome, name); !done) co_return done.error();
  {
    std::lock_guard lock(mutex_);
    entries_.erase(name);
  }
  if (listener_) listener_(name);
  co_return Result<>();
}

/// The key to seal with. Where nothing is sealed yet, a missing key file is made, and one that did
/// not fit what was stored is as good as any other.
Result<std::shared_ptr<const MasterKey>> Credentials::key_for_sealing() {
  std::lock_guard lock(mutex_);
  if (key_problem_ && !entries_.empty()) return *key_problem_;
  if (!key_) {
    auto key = MasterKey::load(key_file_);
    if (!key && key.error().code == ErrorCode::not_found) {
      key = MasterKey::create(key_file_, environment_.random);
    }
    if (!key) return key.error();
    key_ = std::make_shared<const MasterKey>(std::move(*key));
  }
  key_problem_.reset();
  return key_;
}

Credentials::Entry Credentials::opened(const storage::Credential& row,
                                       Result<Fields> fields) const {
  Entry entry{.summary = {.id = row.id,
                          .name = row.name,
                          .connector = row.connector,
                          .scheme = row.scheme,
                          .type = std::nullopt,
                          .base_url = row.base_url,
                          .version = row.version,
                          .created_at = row.created_at,
                          .updated_at = row.updated_at,
                          .problem = {}},
              .opened = nullptr};
  if (!fields) {
    entry.summary.problem = fields.error().message;
    return entry;
  }
  if (const auto type = fields->find(kType); type != fields->end()) {
    entry.summary.type = auth_type_named(type->second.view());
    fields->erase(type);
  }
  if (!entry.summary.type) {
    entry.summary.problem = "it is of a type that this version of tba-integrate does not know";
    return entry;
  }
  auto credential = std::make_shared<Credential>();
  credential->id = row.id;
  credential->name = row.name;
  credential->connector = row.connector;
  credential->scheme = row.scheme;
  credential->type = *entry.summary.type;
  credential->base_url = row.base_url;
  credential->version = row.version;
  credential->masked = masks_for(environment_.live_secrets, credential->type, *fields);
  credential->fields = std::move(*fields);
  entry.summary.problem = credential->field(kLoginProblem);
  entry.opened = std::move(credential);
  return entry;
}

}  // namespace tba::vault
