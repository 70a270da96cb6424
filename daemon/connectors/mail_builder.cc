#include "daemon/connectors/mail_builder.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "daemon/connectors/authentication.h"
#include "daemon/connectors/digest.h"
#include "daemon/connectors/file_value.h"
#include "daemon/connectors/parameter_text.h"
#include "daemon/connectors/parameter_values.h"
#include "daemon/mail/message.h"
#include "shared/base_url.h"

namespace tba::connectors {
namespace {

/// So many every server takes (RFC 5321, section 4.5.3.1.8).
constexpr std::size_t kMostRecipients = 100;

constexpr std::size_t kIdLength = 32;  // of the hexadecimal digits of a hash

Error invalid(std::string message, std::string hint = {}) {
  return {ErrorCode::invalid, std::move(message), std::move(hint)};
}

/// A message in the making. Each function that reads a parameter gives what is wrong with it.
class Letter {
 public:
  explicit Letter(const vault::Credential* credential) : credential_(credential) {}

  Result<> put(std::string_view name, const Value& value);
  /// The envelope with the whole message in it.
  Result<net::Envelope> finish(const MailMark& mark) &&;
  const std::string& id() const { return message_.id; }

 private:
  using Mailboxes = std::vector<mail::Mailbox>;

  static Result<> read_text(const Value& value, std::string& text);
  static Result<> read_texts(const Value& value, std::vector<std::string>& texts);
  static Result<> read_mailboxes(const Value& value, Mailboxes& mailboxes);
  Result<> read_from(const Value& value);
  Result<> read_attachments(const Value& value);
  Result<> read_headers(const Value& value);
  Result<> find_sender();
  std::vector<std::string> recipients() const;

  const vault::Credential* credential_;
  mail::Message message_;
  Mailboxes bcc_;
};

Result<> Letter::put(std::string_view name, const Value& value) {
  if (name == "from") return read_from(value);
  if (name == "to") return read_mailboxes(value, message_.to);
  if (name == "cc") return read_mailboxes(value, message_.cc);
  if (name == "bcc") return read_mailboxes(value, bcc_);
  if (name == "reply_to") return read_mailboxes(value, message_.reply_to);
  if (name == "subject") return read_text(value, message_.subject);
  if (name == "text") return read_text(value, message_.text.emplace());
  if (name == "html") return read_text(value, message_.html.emplace());
  if (name == "attachments") return read_attachments(value);
  if (name == "headers") return read_headers(value);
  if (name == "in_reply_to") return read_text(value, message_.in_reply_to);
  return read_texts(value, message_.references);
}

Result<> Letter::read_text(const Value& value, std::string& text) {
  if (!value.is_string())
    return invalid(fmt::format("it must be a text, not of type {}", type_name(value)));
  text = value.as_string();
  return {};
}

/// A list of texts, or a single one.
Result<> Letter::read_texts(const Value& value, std::vector<std::string>& texts) {
  for (const auto& item : value.is_array() ? value.items() : std::span(&value, 1)) {
    if (auto read = read_text(item, texts.emplace_back()); !read) return read;
  }
  return {};
}

Result<> Letter::read_mailboxes(const Value& value, Mailboxes& mailboxes) {
  std::vector<std::string> texts;
  if (auto read = read_texts(value, texts); !read) return read;
  for (const auto& text : texts) {
    auto named = mail::parse_mailboxes(text);
    if (!named) return named.error();
    mailboxes.insert(mailboxes.end(), named->begin(), named->end());
  }
  return {};
}

Result<> Letter::read_from(const Value& value) {
  Mailboxes senders;
  if (auto read = read_mailboxes(value, senders); !read) return read;
  if (senders.size() != 1) return invalid("a message has one sender");
  message_.from = std::move(senders.front());
  return {};
}

Result<> Letter::read_attachments(const Value& value) {
  for (const auto& item : value.is_array() ? value.items() : std::span(&value, 1)) {
    if (!is_file(item))
      return invalid("an attachment is an object with `filename` and `content` or `base64`");
    auto file = file_of(item, fmt::format("attachment-{}", message_.attachments.size() + 1));
    if (!file) return invalid(fmt::format("an attachment {}", file.error().message));
    message_.attachments.push_back(
        {std::move(file->filename), std::move(file->content_type), std::move(file->bytes)});
  }
  return {};
}

Result<> Letter::read_headers(const Value& value) {
  if (!value.is_object())
    return invalid(fmt::format("it must be an object, not of type {}", type_name(value)));
  for (const auto& [name, header] : value.members()) {
    if (header.is_array() || header.is_object())
      return invalid(fmt::format("the header {} is neither a text nor a number", name));
    message_.headers.emplace_back(name, text_of(header));
  }
  return {};
}

/// The credential's, where the call names none.
Result<> Letter::find_sender() {
  if (!message_.from.address.empty()) return {};
  const auto own = credential_ ? credential_->field("from") : std::string_view();
  const auto user = credential_ ? credential_->field("username") : std::string_view();
  const auto text = own.empty() ? user : own;
  if (text.find('@') == std::string_view::npos)
    return invalid("nobody is named whom it is from", "give `from`, or set it in the credential");
  if (auto read = read_from(Value::string(text)); !read)
    return invalid(fmt::format("the credential's sender: {}", read.error().message));
  return {};
}

/// Each once, in the order in which they are named.
std::vector<std::string> Letter::recipients() const {
  std::vector<std::string> addresses;
  for (const auto* mailboxes : {&message_.to, &message_.cc, &bcc_}) {
    for (const auto& [name, address] : *mailboxes) {
      if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
    }
  }
  return addresses;
}

Result<net::Envelope> Letter::finish(const MailMark& mark) && {
  if (auto found = find_sender(); !found) return found.error();
  net::Envelope envelope{message_.from.address, recipients(), {}};
  if (envelope.recipients.empty())
    return invalid("nobody is named whom it is for", "give `to`, `cc` or `bcc`");
  if (envelope.recipients.size() > kMostRecipients) {
    return invalid(fmt::format("it is for {} people; a message may be for {}",
                               envelope.recipients.size(), kMostRecipients),
                   "send several, with `for_each`");
  }
  if (message_.references.empty() && !message_.in_reply_to.empty())
    message_.references.push_back(message_.in_reply_to);
  message_.id = fmt::format("<{}@{}>", sha256_hex(mark.key).substr(0, kIdLength),
                            mail::domain_of(message_.from.address));
  message_.date = mark.now;
  auto text = mail::write_message(message_);
  if (!text) return text.error();
  envelope.message = *std::move(text);
  return envelope;
}

void log_in(net::MailRequest& request, const vault::Credential& credential) {
  if (credential.type == AuthScheme::Type::none) return;
  request.username = credential.field("username");
  request.password = credential.field("password");
  request.access_token = credential.field("access_token");
}

}  // namespace

Result<MailDraft> build_mail(const Connector& connector, const Endpoint& endpoint,
                             const Value& parameters, const vault::Credential* credential,
                             const MailMark& mark) {
  const auto refuse = [&](const Error& error) {
    return call_error(connector, endpoint, error.message, error.hint);
  };
  MailDraft draft;
  draft.request.url = connector.base_url;
  if (credential) {
    if (auto fits = check_for_calls(*credential, connector); !fits) return refuse(fits.error());
    if (!credential->base_url.empty()) draft.request.url = credential->base_url;
    log_in(draft.request, *credential);
  }
  if (draft.request.url.empty()) {
    return refuse(invalid("it needs a credential, which says what mail server is meant",
                          fmt::format("its base URL looks like {}", kSmtpBaseUrl.example)));
  }
  const auto values = parameter_values(connector, endpoint, parameters);
  if (!values) return values.error();
  if (endpoint.mail == MailAction::check) return draft;
  Letter letter(credential);
  for (const auto& [parameter, value] : *values) {
    auto put = letter.put(parameter->name, *value);
    if (!put)
      return refuse(with_context(put.error(), fmt::format("parameter '{}'", parameter->name)));
  }
  auto envelope = std::move(letter).finish(mark);
  if (!envelope) return refuse(envelope.error());
  draft.request.envelope = *std::move(envelope);
  draft.message_id = letter.id();
  return draft;
}

}  // namespace tba::connectors
