#pragma once

#include <array>
#include <string>
#include <string_view>

#include "shared/key_table.h"

namespace tba {

/// What the base URLs of a kind of connector look like.
struct BaseUrlForm {
  std::array<std::string_view, 2> schemes;  ///< "https://", the usual one first.
  bool may_have_path = true;
  std::string_view description;  ///< "https://host, perhaps with …", for people.
  std::string_view example;
};

extern const BaseUrlForm kHttpBaseUrl;
extern const BaseUrlForm kSmtpBaseUrl;

/// The scheme of that form that the URL has, as written in the form; empty where it has none.
std::string_view scheme_of(std::string_view url, const BaseUrlForm& form);

/// The base URL that a key gives, without a slash at its end. Adds an error where it is none of
/// that form.
std::string read_base_url(const Fields& fields, std::string_view key,
                          const BaseUrlForm& form = kHttpBaseUrl);

}  // namespace tba
