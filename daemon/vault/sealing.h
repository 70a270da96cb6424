#pragma once

#include <optional>
#include <string_view>

#include "daemon/storage/records.h"
#include "daemon/vault/master_key.h"
#include "daemon/vault/secret.h"
#include "shared/error.h"
#include "shared/random.h"

/// The sealed form of a credential. Each version of each credential has a data key of its own,
/// which the master key wraps, so that a new master key re-wraps and need not re-encrypt.
///
/// Both columns are XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03, as in libsodium) with a random
/// nonce, behind a byte that says which format this is:
///
///     wrapped_key   format (1) | id of the master key (16) | nonce (24) | data key (32) | tag (16)
///     sealed        format (1) | nonce (24) | fields (n) | tag (16)
///     fields        for each, by name: length of name (1) | name | length of value (4) | value
///
/// Numbers are little-endian. The associated data of both is, each part behind its length (4):
///
///     purpose ("tba credential key" or "tba credential fields"), format byte, id (16), name,
///     version (8), connector, scheme, base URL
///
/// so that nothing of a row can be exchanged for that of another row, another column or an older
/// version of itself, and a changed base URL cannot send a secret to somebody else's server. What
/// is not prevented: that the whole row is put back to what it once was.
namespace tba::vault {

/// The format that seal() writes.
inline constexpr unsigned char kSealFormat = 1;

/// Fills `wrapped_key` and `sealed` of `row`; everything else of it must be final. A field's name
/// has at most 255 bytes, its value less than 4 GiB.
void seal(storage::Credential& row, const Fields& fields, const MasterKey& key, Random& random);

/// Opens what seal() made. Errors (`invalid`): sealed with another master key; a format that this
/// version does not know; damaged, or not what was sealed for this row. None tells anything about
/// the contents.
Result<Fields> unseal(const storage::Credential& row, const MasterKey& key);

/// The id of the master key that `row` was sealed with; nothing where the row is damaged.
std::optional<MasterKey::Id> sealed_with(const storage::Credential& row);

/// The plain form of the fields, as described above.
Secret encode_fields(const Fields& fields);

/// Reads encode_fields()' form; nothing where it is malformed.
std::optional<Fields> decode_fields(std::string_view bytes);

}  // namespace tba::vault
