#pragma once

#include <array>

#include "shared/key_table.h"
#include "shared/name_table.h"
#include "shared/oauth2_scheme.h"

namespace tba {

inline constexpr NameTable<OAuth2Scheme::Grant, 4> kGrantTable{{{
    {OAuth2Scheme::Grant::authorization_code, "authorization_code"},
    {OAuth2Scheme::Grant::device_code, "device_code"},
    {OAuth2Scheme::Grant::client_credentials, "client_credentials"},
    {OAuth2Scheme::Grant::jwt_bearer, "jwt_bearer"},
}}};
inline constexpr auto kGrantNames = kGrantTable.names();

inline constexpr NameTable<OAuth2Scheme::ClientProof, 3> kClientProofTable{{{
    {OAuth2Scheme::ClientProof::basic, "basic"},
    {OAuth2Scheme::ClientProof::body, "body"},
    {OAuth2Scheme::ClientProof::none, "none"},
}}};
inline constexpr auto kClientProofNames = kClientProofTable.names();

inline constexpr NameTable<OAuth2Scheme::TokenBody, 2> kTokenBodyTable{{{
    {OAuth2Scheme::TokenBody::form, "form"},
    {OAuth2Scheme::TokenBody::json, "json"},
}}};
inline constexpr auto kTokenBodyNames = kTokenBodyTable.names();

/// The keys of a `jwt`.
extern const KeyTable kJwtTable;

/// The keys that an auth scheme of type oauth2 has beside those of all types.
inline constexpr std::array kOAuth2Keys{
    Key{.name = "grants",
        .type = KeyType::choice_list,
        .description = "how an oauth2 credential may get its first token, the usual one first",
        .choices = kGrantNames},
    Key{.name = "authorize_url", .description = "where people agree, for authorization_code"},
    Key{.name = "token_url", .description = "where tokens are given"},
    Key{.name = "device_url", .description = "where device codes are given, for device_code"},
    Key{.name = "authorize_parameters",
        .type = KeyType::text_map,
        .description = "further parameters of authorize_url"},
    Key{.name = "token_parameters",
        .type = KeyType::text_map,
        .description = "further parameters of token requests"},
    Key{.name = "token_headers",
        .type = KeyType::text_map,
        .description = "headers of token requests"},
    Key{.name = "client_authentication",
        .type = KeyType::choice,
        .description = "how token_url is told the client's secret; basic if not given",
        .choices = kClientProofNames},
    Key{.name = "token_body",
        .type = KeyType::choice,
        .description = "how token requests are written; form if not given",
        .choices = kTokenBodyNames},
    Key{.name = "scopes",
        .type = KeyType::text_list,
        .description = "what is asked for, where a credential names no scopes of its own"},
    Key{.name = "scope_separator", .description = "between scopes; a blank if not given"},
    Key{.name = "device_scope_parameter",
        .description = "the parameter that has the scopes in both requests of device_code, where "
                       "it is another than `scope`"},
    Key{.name = "pkce",
        .type = KeyType::boolean,
        .description = "whether authorization_code is protected by PKCE (S256); true if not given"},
    Key{.name = "jwt",
        .type = KeyType::table,
        .description = "what jwt_bearer signs",
        .table = &kJwtTable},
    Key{.name = "token",
        .type = KeyType::templated,
        .description = "an expression on the answer of token_url: the access token, where it is "
                       "not .access_token"},
    Key{.name = "expires_at",
        .type = KeyType::templated,
        .description = "an expression on the same: when the access token ends, where .expires_in "
                       "does not say it"},
    Key{.name = "needs_login",
        .type = KeyType::templated,
        .description = "an expression on .status and .body of an answer that tells of a failure: "
                       "whether somebody has to log in again, where its error is none of the "
                       "standard's"},
    Key{.name = "refresh_lifetime",
        .type = KeyType::duration,
        .description = "how long a refresh token lives that is not used, where the answers do not "
                       "tell"},
};

}  // namespace tba
