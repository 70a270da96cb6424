#include "shared/import/openapi.h"

#include <algorithm>
#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "shared/connector_reader.h"
#include "shared/import/connector_writer.h"
#include "shared/value/json.h"

namespace tba::importing {
namespace {

using Catch::Contains;

ImportedConnector import_text(const std::string& text, const ImportOptions& options = {}) {
  auto imported = import_openapi(text, options);
  INFO((imported ? "" : imported.error().message));
  REQUIRE(imported.has_value());
  // Whatever comes out can be read.
  const auto written = write_connector(imported->connector, "from a test");
  INFO(written);
  Diagnostics diagnostics;
  const auto read = read_connector("test.yaml", written, diagnostics);
  INFO(diagnostics.render());
  REQUIRE(read);
  CHECK(diagnostics.empty());
  CHECK(read->endpoints.size() == imported->connector.endpoints.size());
  return std::move(*imported);
}

/// A description of OpenAPI 3 with these paths and more at its top.
std::string with_paths(const std::string& paths, const std::string& more = "") {
  return fmt::format(
      "openapi: 3.0.3\ninfo: {{ title: Shop API, version: '1' }}\n"
      "servers: [ {{ url: https://shop.example/v1 }} ]\n{}paths:\n{}",
      more, paths);
}

/// The only endpoint of a description with one operation.
Endpoint endpoint_of(const std::string& path, const std::string& method,
                     const std::string& operation, const std::string& more = "") {
  const auto imported =
      import_text(with_paths(fmt::format("  {}:\n    {}: {}\n", path, method, operation), more));
  REQUIRE(imported.connector.endpoints.size() == 1);
  return imported.connector.endpoints.front();
}

const Parameter& parameter(const Endpoint& endpoint, std::string_view name) {
  const auto found = std::ranges::find(endpoint.parameters, name, &Parameter::name);
  CAPTURE(name);
  REQUIRE(found != endpoint.parameters.end());
  return *found;
}

std::string response_of(const std::string& schema, const std::string& more = "") {
  const auto endpoint = endpoint_of(
      "/a", "get",
      "{ responses: { '200': { content: { application/json: { schema: " + schema + " } } } } }",
      more);
  return to_json(notation(endpoint.response));
}

std::string error_of(const std::string& text, const ImportOptions& options = {}) {
  const auto imported = import_openapi(text, options);
  REQUIRE_FALSE(imported.has_value());
  return imported.error().message;
}

constexpr const char* kSwagger = R"(
swagger: "2.0"
info: { title: Swagger Petstore v2 }
host: petstore.example
basePath: /v2/
schemes: [http, https]
consumes: [application/json]
securityDefinitions:
  api_key: { type: apiKey, in: header, name: X-Key }
  petstore_auth: { type: oauth2, flow: implicit }
  plain: { type: basic }
definitions:
  Pet:
    type: object
    required: [name]
    properties:
      id: { type: integer, readOnly: true }
      name: { type: string, description: What it is called }
      parent: { $ref: "#/definitions/Pet" }
paths:
  /pet:
    post:
      operationId: addPet
      parameters:
        - { in: body, name: body, required: true, schema: { $ref: "#/definitions/Pet" } }
      responses: { 201: { schema: { $ref: "#/definitions/Pet" } } }
  /pet/{petId}/image:
    post:
      operationId: uploadFile
      consumes: [multipart/form-data]
      parameters:
        - { in: path, name: petId, type: integer, required: true }
        - { in: formData, name: file, type: file, required: true }
  /pet/find:
    get:
      operationId: findPets
      parameters:
        - { in: query, name: tags, type: array, items: { type: string }, collectionFormat: multi }
        - { in: query, name: ids, type: array, items: { type: string } }
        - { in: query, name: codes, type: array, items: { type: string }, collectionFormat: tsv }
)";

}  // namespace

TEST_CASE("openapi: ids, names and texts are such as a person would choose") {
  const auto imported = import_text(with_paths(R"(
  /users/{user-id}:
    parameters:
      - { in: path, name: user-id, required: true, schema: { type: string } }
    get:
      operationId: users/getByID
      summary: Get  a user
      description: "Gets **one** [user](https://x).\n\nMore about it."
    delete: { deprecated: true }
    put: { operationId: getByID }
  /more:
    get: { operationId: users_getByID }
  x-else: { get: {} }
)"));
  const auto& connector = imported.connector;
  CHECK(connector.name == "shop");
  CHECK(connector.title == "Shop API");
  CHECK(connector.base_url == "https://shop.example/v1");
  REQUIRE(connector.endpoints.size() == 4);
  const auto& get = connector.endpoints.front();
  CHECK(get.id == "users-get-by-id");
  CHECK(get.title == "Get a user");
  CHECK(get.description == "Gets one user.");
  CHECK(get.path == "/users/{user-id}");
  CHECK(parameter(get, "user-id").required);
  CHECK(connector.endpoint("delete-users-user-id")->description == "Deprecated.");
  CHECK(connector.endpoint("get-by-id")->method == "PUT");
  CHECK(connector.endpoint("users-get-by-id-2")->path == "/more");
  CHECK(imported.unsupported.empty());
}

TEST_CASE("openapi: parameters go where the description says, in its style") {
  const auto endpoint = endpoint_of("/a/{x.y}/{z}", "get", R"({ parameters: [
      { in: path, name: x.y, required: true, schema: { type: integer } },
      { in: query, name: $filter, schema: { type: string, enum: [a, b], default: a } },
      { in: query, name: ids, explode: false, schema: { type: array } },
      { in: query, name: where, style: deepObject, schema: { type: object } },
      { in: query, name: json, content: { application/json: { schema: { type: object } } } },
      { in: query, name: z, schema: { type: [integer, "null"] } },
      { in: header, name: X-Version, required: true, schema: { type: integer, default: 3 } },
      { in: header, name: Accept, schema: { type: string } },
      { in: cookie, name: session, schema: { type: string } } ] })");
  CHECK(endpoint.path == "/a/{x_y}/{z}");
  CHECK(parameter(endpoint, "x_y").sent_as == "x_y");
  CHECK(parameter(endpoint, "z").place == ParameterPlace::path);
  CHECK(parameter(endpoint, "z_2").sent_as == "z");
  CHECK(parameter(endpoint, "z_2").type() == ValueType::integer);
  CHECK(endpoint.parameters[1].name == "z");
  const auto& filter = parameter(endpoint, "filter");
  CHECK(filter.sent_as == "$filter");
  CHECK(filter.choices == std::vector{Value::string("a"), Value::string("b")});
  CHECK_FALSE(filter.default_value);
  CHECK(filter.description == "[default: \"a\"]");
  CHECK(parameter(endpoint, "ids").style == ParameterStyle::comma);
  CHECK(parameter(endpoint, "where").style == ParameterStyle::brackets);
  CHECK(parameter(endpoint, "json").style == ParameterStyle::json);
  CHECK(parameter(endpoint, "X-Version").default_value == Value::integer(3));
  CHECK(parameter(endpoint, "session").place == ParameterPlace::cookie);
  CHECK(endpoint.parameters.size() == 9);
}

TEST_CASE("openapi: what an operation says of a parameter goes before what its path says") {
  const auto imported = import_text(with_paths(R"(
  /a:
    parameters: [ { in: query, name: q, schema: { type: string } } ]
    get: { parameters: [ { in: query, name: q, schema: { type: integer } } ] }
)"));
  const auto& endpoint = imported.connector.endpoints.front();
  REQUIRE(endpoint.parameters.size() == 1);
  CHECK(endpoint.parameters.front().type() == ValueType::integer);
}

TEST_CASE("openapi: the members of a JSON body are parameters, those of allOf too") {
  const auto endpoint = endpoint_of(
      "/a/{id}", "patch", R"({ parameters: [ { in: path, name: id, schema: { type: string } } ],
      requestBody: { required: true, content: {
        text/xml: { schema: { type: string } },
        application/json: { schema: { allOf: [ { $ref: "#/components/schemas/Base" },
          { properties: { id: { type: string }, note: { type: string, nullable: true } },
            required: [id] } ] } } } } })",
      "components: { schemas: { Base: { type: object, properties: {\n"
      "  private: { type: boolean, default: false }, at: { readOnly: true } } } } }\n");
  CHECK(endpoint.body == BodyFormat::json);
  CHECK(endpoint.content_type.empty());
  CHECK(parameter(endpoint, "private").place == ParameterPlace::body);
  CHECK_FALSE(parameter(endpoint, "private").default_value);  // a PATCH would make it public
  CHECK(parameter(endpoint, "note").type() == ValueType::any);
  CHECK(parameter(endpoint, "id_2").sent_as == "id");
  CHECK(parameter(endpoint, "id_2").required);
  CHECK(endpoint.parameters.size() == 4);
}

TEST_CASE("openapi: a body that is no object of known members is one parameter") {
  const auto json = endpoint_of("/a", "post",
                                "{ requestBody: { required: true, content: { "
                                "application/vnd.shop+json: { schema: { type: array } } } } }");
  CHECK(parameter(json, "body").place == ParameterPlace::whole_body);
  CHECK(parameter(json, "body").type() == ValueType::array);
  CHECK(parameter(json, "body").required);
  CHECK(json.content_type == "application/vnd.shop+json");
  const auto raw = endpoint_of(
      "/a", "put", "{ requestBody: { content: { text/csv: { schema: { type: string } } } } }");
  CHECK(raw.body == BodyFormat::raw);
  CHECK(raw.content_type == "text/csv");
  CHECK_FALSE(parameter(raw, "body").required);
}

TEST_CASE("openapi: what a parameter holds is kept, but for what is only answered") {
  const auto endpoint = endpoint_of("/a", "post", R"({
      parameters: [ { in: query, name: ids, schema: { type: array, items: { type: integer } } } ],
      requestBody: { content: { application/json: { schema: { properties: {
        owner: { type: object, required: [name], properties: {
          id: { type: integer, readOnly: true }, name: { type: string },
          secret: { type: string, writeOnly: true } } },
        rows: { type: array, items: { $ref: "#/components/schemas/Row" } },
        tags: { type: array, items: { type: string }, nullable: true } } } } } } })",
                                    "components: { schemas: { Row: { type: object, properties: {\n"
                                    "  score: { type: number } }, additionalProperties: false } } "
                                    "}\n");
  const auto shape = [&](std::string_view name) {
    return to_json(notation(parameter(endpoint, name).shape));
  };
  CHECK(shape("ids") == R"(["integer"])");
  CHECK(shape("owner") == R"({"name":"string","secret":"string","...":"any"})");
  CHECK(shape("rows") == R"([{"score":"number"}])");
  CHECK(shape("tags") == R"("any")");
}

TEST_CASE("openapi: a shape that is met again is written once") {
  const std::string body =
      "{ requestBody: { content: { application/json: { schema: { properties: { address: { $ref: "
      "'#/components/schemas/Address' } } } } } } }";
  const auto imported = import_text(
      with_paths("  /a: { post: " + body + ", put: " + body + " }\n",
                 "components: { schemas: { Address: { type: object, properties: { street: { type: "
                 "string }, city: { type: string }, code: { type: string }, country: { type: "
                 "string } } } } }\n"));
  const auto written = write_connector(imported.connector, "");
  CHECK_THAT(written, Contains("type: &post-a.address { street: string, city: string, "));
  CHECK_THAT(written, Contains("type: *post-a.address\n"));
  Diagnostics diagnostics;
  const auto read = read_connector("test.yaml", written, diagnostics);
  REQUIRE(read);
  for (const auto& endpoint : read->endpoints)
    CHECK(parameter(endpoint, "address").shape.field("city")->type == ValueType::string);
}

TEST_CASE("openapi: a part that is a file may be given with its name and bytes") {
  const auto endpoint =
      endpoint_of("/a", "post", R"({ requestBody: { content: { multipart/form-data: { schema: {
        type: object, properties: { file: { type: string, format: binary },
          files: { type: array, items: { type: string, format: binary } },
          icon: { type: string, contentMediaType: image/png }, name: { type: string } } } } } } })");
  CHECK(endpoint.body == BodyFormat::multipart);
  CHECK(parameter(endpoint, "file").type() == ValueType::any);
  CHECK(parameter(endpoint, "files").type() == ValueType::any);
  CHECK(parameter(endpoint, "icon").type() == ValueType::any);
  CHECK(parameter(endpoint, "name").type() == ValueType::string);
}

TEST_CASE("openapi: forms have the styles of their encoding") {
  const auto endpoint =
      endpoint_of("/a", "post", R"({ requestBody: { content: { application/x-www-form-urlencoded: {
        encoding: { card: { style: deepObject }, codes: { explode: false } },
        schema: { type: object, properties: { card: { type: object }, more: { type: object },
                  codes: { type: array }, ids: { type: array } } } } } } })");
  CHECK(endpoint.body == BodyFormat::form);
  CHECK(parameter(endpoint, "card").style == ParameterStyle::brackets);
  CHECK(parameter(endpoint, "more").style == ParameterStyle::json);
  CHECK(parameter(endpoint, "codes").style == ParameterStyle::comma);
  CHECK(parameter(endpoint, "ids").style == ParameterStyle::repeat);
}

TEST_CASE("openapi: shapes of answers follow references, allOf and alternatives") {
  CHECK(response_of("{ type: object, properties: { a: { type: string }, b: { type: array, items: "
                    "{ type: integer } } } }") == R"({"a":"string","b":["integer"],"...":"any"})");
  CHECK(response_of("{ allOf: [ { properties: { a: { type: string } } }, { properties: { b: { "
                    "type: number } }, additionalProperties: true } ] }") ==
        R"({"a":"string","b":"number","...":"any"})");
  CHECK(response_of("{ oneOf: [ { type: object, properties: { a: { type: string } } }, { type: "
                    "object, properties: { a: { type: integer }, b: { type: string } } } ] }") ==
        R"({"a":"any","b":"any","...":"any"})");
  CHECK(response_of("{ type: object, properties: { a: { type: string } }, additionalProperties: "
                    "false }") == R"({"a":"string"})");
  CHECK(response_of("{ type: object, additionalProperties: { type: integer } }") ==
        R"({"...":"integer"})");
  CHECK(response_of("{ $ref: '#/components/schemas/Node' }",
                    "components: { schemas: { Node: { type: object, properties: { next: { $ref: "
                    "'#/components/schemas/Node' }, name: { type: string } } } } }\n") ==
        R"({"next":"object","name":"string","...":"any"})");
}

TEST_CASE("openapi: a shape has bounds, and says where it is cut") {
  std::string wide = "{ type: object, properties: {";
  for (int i = 0; i < 1000; ++i) wide += fmt::format(" f{}: {{ type: string }},", i);
  const auto shape = response_of(wide + " } }");
  CHECK_THAT(shape, Contains("\"f100\":\"string\"") && Contains("\"...\":\"any\""));
  CHECK(shape.size() < 10'000);
  const auto deep = response_of(
      "{ properties: { a: { properties: { b: { properties: { c: { properties: { d: { type: string "
      "} } } } } } } } }");
  CHECK(deep == R"({"a":{"b":{"c":"object","...":"any"},"...":"any"},"...":"any"})");
}

TEST_CASE("openapi: servers have their variables put in, and may be a path's own") {
  const std::string text = R"(
openapi: 3.1.0
info: { title: A }
servers:
  - url: "https://{region}.example/{v}/"
    variables: { region: { default: eu }, v: { enum: [v2, v3] } }
paths:
  /a: { get: {} }
  /b: { servers: [ { url: https://upload.example } ], post: {} }
)";
  const auto connector = import_text(text).connector;
  CHECK(connector.base_url == "https://eu.example/v2");
  CHECK(connector.endpoint("get-a")->base_url.empty());
  CHECK(connector.endpoint("post-b")->base_url == "https://upload.example");
  CHECK(import_text(text, {.base_url = "https://mine.example"}).connector.base_url ==
        "https://mine.example");
}

TEST_CASE("openapi: a server without a host is that of the description") {
  const std::string text =
      "openapi: 3.0.0\nservers: [ { url: ../v2 } ]\npaths: { /a: { get: {} } }";
  const std::string root = "openapi: 3.0.0\nservers: [ { url: /v2 } ]\npaths: { /a: { get: {} } }";
  CHECK(
      import_text(root, {.source = "https://x.example:8443/api/doc.json?v=1"}).connector.base_url ==
      "https://x.example:8443/v2");
  CHECK(import_text(text, {.source = "https://x.example/api/doc.json"}).connector.base_url ==
        "https://x.example/v2");
  const auto nowhere = import_text(root);
  CHECK(nowhere.connector.base_url == kUnknownBaseUrl);
  CHECK(nowhere.unsupported.size() == 2);
}

TEST_CASE("openapi: auth schemes are those that a connector can have") {
  const auto imported = import_text(with_paths("  /a: { get: {} }\n", R"(components:
  securitySchemes:
    bearer: { type: http, scheme: Bearer }
    basic: { type: http, scheme: basic }
    key in query: { type: apiKey, in: query, name: key }
    digest: { type: http, scheme: Digest }
    odd: { type: http, scheme: negotiate }
    cert: { type: mutualTLS }
    cookie: { type: apiKey, in: cookie, name: sid }
    login:
      type: oauth2
      flows:
        authorizationCode: { authorizationUrl: https://a.example/authorize, tokenUrl: /token, scopes: { read: "" } }
        clientCredentials: { tokenUrl: /token }
        password: { tokenUrl: /token }
    implicit: { type: oauth2, flows: { implicit: { authorizationUrl: https://a.example/authorize } } }
    strange: { type: oauth2, flows: { clientCredentials: { tokenUrl: "token here" } } }
    oidc: { type: openIdConnect, openIdConnectUrl: https://a.example/.well-known }
)"));
  const auto& connector = imported.connector;
  CHECK(connector.scheme("bearer")->type == AuthScheme::Type::bearer);
  CHECK(connector.scheme("basic")->type == AuthScheme::Type::basic);
  CHECK(connector.scheme("digest")->type == AuthScheme::Type::digest);
  CHECK(connector.scheme("key_in_query")->place == AuthScheme::Place::query);
  CHECK(connector.scheme("key_in_query")->parameter == "key");
  CHECK(connector.scheme("cookie")->place == AuthScheme::Place::cookie);
  CHECK(connector.scheme("cert")->type == AuthScheme::Type::mutual_tls);
  const auto& login = *connector.scheme("login")->oauth2;
  CHECK(tba::names_of(login.grants) ==
        std::vector<std::string_view>{"authorization_code", "client_credentials"});
  CHECK(login.authorize_url == "https://a.example/authorize");
  CHECK(login.token_url == "{origin}/token");
  for (const auto* name : {"implicit", "strange", "oidc"})
    CHECK(connector.scheme(name)->type == AuthScheme::Type::bearer);
  CHECK(imported.unsupported ==
        std::map<std::string, std::size_t>{
            {"authentication by HTTP scheme 'negotiate'", 1},
            {"login by oauth2 of another flow (bearer: a token from elsewhere)", 2},
            {"login by openIdConnect (bearer: a token from elsewhere)", 1}});
}

TEST_CASE("openapi: a login asks for what the operations need that are taken over") {
  const std::string logins = R"(components:
  securitySchemes:
    login:
      type: oauth2
      flows:
        authorizationCode: { authorizationUrl: https://a.example/authorize, tokenUrl: /token, scopes: { all: "", read: "", write: "" } }
security: [ { login: [read] } ]
)";
  const std::string paths = R"(  /a: { get: { operationId: one } }
  /b: { get: { operationId: two, security: [ { login: [all] }, { login: [write, read] }, { other: [x] } ] } }
  /c: { get: { operationId: three, security: [ { login: [write, read] }, { login: [rare] } ] } }
  /d: { get: { operationId: four, security: [ { login: [] } ] } }
  /f: { get: { operationId: six, security: [ { login: [rare] }, { login: [] } ] } }
  /e: { get: { operationId: five, security: [ { login: [ "not a scope", 7 ] } ] } }
)";
  const auto scopes = [&](const char* only, const std::string& more = "") {
    const auto imported = import_text(with_paths(paths + more, logins), {.only = only});
    return imported.connector.scheme("login")->oauth2->scopes;
  };
  using Scopes = std::vector<std::string>;
  CHECK(scopes("") == Scopes{"read", "write"});
  CHECK(scopes("one") == Scopes{"read"});
  CHECK(scopes("two") == Scopes{"all"});
  CHECK(scopes("four").empty());
  CHECK(scopes("five").empty());
  CHECK(scopes("six").empty());
  std::string many;
  for (int i = 0; i < 40; ++i)
    many += fmt::format("  /x{0}: {{ get: {{ security: [ {{ login: [s{0}] }} ] }} }}\n", i);
  CHECK(scopes("", many).empty());
}

TEST_CASE("swagger 2: a login is one of its flows") {
  const auto imported = import_text(R"(swagger: "2.0"
host: a.example
securityDefinitions:
  people: { type: oauth2, flow: accessCode, authorizationUrl: https://a.example/authorize, tokenUrl: https://a.example/token }
  program: { type: oauth2, flow: application, tokenUrl: https://a.example/token }
  page: { type: oauth2, flow: implicit, authorizationUrl: https://a.example/authorize }
paths: { /a: { get: {} } }
)");
  const auto grants = [&](const char* name) {
    return tba::names_of(imported.connector.scheme(name)->oauth2->grants);
  };
  CHECK(grants("people") == std::vector<std::string_view>{"authorization_code"});
  CHECK(grants("program") == std::vector<std::string_view>{"client_credentials"});
  CHECK(imported.connector.scheme("page")->type == AuthScheme::Type::bearer);
}

TEST_CASE("swagger 2: host, bodies, forms, collection formats and security") {
  const auto imported = import_text(kSwagger);
  const auto& connector = imported.connector;
  CHECK(connector.name == "petstore");
  CHECK(connector.base_url == "https://petstore.example/v2");
  CHECK(connector.scheme("api_key")->parameter == "X-Key");
  CHECK(connector.scheme("plain")->type == AuthScheme::Type::basic);
  const auto& add = *connector.endpoint("add-pet");
  CHECK(add.parameters.size() == 2);
  CHECK(parameter(add, "name").required);
  CHECK(parameter(add, "name").description == "What it is called");
  CHECK(to_json(notation(add.response)) ==
        R"({"id":"integer","name":"string","parent":"object","...":"any"})");
  const auto& upload = *connector.endpoint("upload-file");
  CHECK(upload.body == BodyFormat::multipart);
  CHECK(parameter(upload, "file").type() == ValueType::any);
  const auto& find = *connector.endpoint("find-pets");
  CHECK(parameter(find, "tags").style == ParameterStyle::repeat);
  CHECK(parameter(find, "ids").style == ParameterStyle::comma);
  CHECK(imported.unsupported.at("collectionFormat tsv (sent as csv)") == 1);
}

TEST_CASE("openapi: what no connector can say is told, and keeps nothing from being imported") {
  const auto imported = import_text(with_paths(R"(
  "/a?Action=List&x#frag":
    get: { requestBody: { content: { application/json: { schema: { type: object } } } } }
    trace: {}
  /b/{id}/c d:
    post:
      parameters:
        - { $ref: other.yaml#/p }
        - { $ref: "#/nowhere" }
        - { $ref: "#/circle/0" }
        - { in: path, name: gone, schema: { type: string } }
        - { in: header, name: "no header", schema: { type: string } }
        - { in: query, name: m, style: matrix, schema: { type: array } }
        - { in: matrix, name: n }
        - { in: query, name: e, schema: { type: integer, enum: [one, two] } }
      requestBody: { content: { multipart/form-data: { schema: { type: string } } } }
  "/open/{x": { get: {} }
  "/open/{x/{y}": { get: {} }
  "/ü/{a?#b}": { put: { requestBody: { content: { "a b": { schema: { type: string } } } } } }
)",
                                               "circle: [ { $ref: '#/circle/0' } ]\n"));
  const auto& list = *imported.connector.endpoint("get-a-action-list-x-frag");
  CHECK(list.path == "/a");
  CHECK(parameter(list, "Action").default_value == Value::string("List"));
  CHECK(imported.connector.endpoint("post-b-id-c-d")->path == "/b/{id}/c%20d");
  const auto& odd = *imported.connector.endpoint("put-a-b");
  CHECK(odd.path == "/%C3%BC/{a_3F_23b}");
  CHECK_FALSE(odd.has_body());
  for (const auto* kind :
       {"body of a media type that is none", "body of a GET or HEAD request", "method TRACE",
        "reference out of the file", "reference that leads nowhere", "references in a circle",
        "path parameter that is not in the path", "header parameter with a name that no header has",
        "parameter style matrix (sent as simple)", "parameter in 'matrix'",
        "enum of too many values, or of another type", "multipart body of unknown parts",
        "placeholder without a parameter (taken as text)",
        "path with a placeholder that is not closed"}) {
    CAPTURE(kind);
    CHECK(imported.unsupported.count(kind) == 1);
  }
  CHECK(imported.unsupported.at("path with a placeholder that is not closed") == 2);
}

TEST_CASE("openapi: only the endpoints that are wanted") {
  const auto text = with_paths(
      "  /a: { get: { operationId: aGet }, post: { operationId: aPost } }\n"
      "  /b: { get: { operationId: bGet } }\n");
  CHECK(import_text(text, {.only = "a-*"}).connector.endpoints.size() == 2);
  CHECK(error_of(text, {.only = "c-*"}) == "no endpoint has an id like 'c-*'");
  CHECK(import_text(text, {.name = "mine"}).connector.name == "mine");
}

TEST_CASE("openapi: what is no description says why") {
  CHECK_THAT(error_of("{ \"openapi\": "), Contains("line 1"));
  CHECK_THAT(error_of("a: [1"), Contains("line "));
  CHECK(error_of("[]") == "it is no OpenAPI or Swagger description");
  CHECK(error_of("") == "it is no OpenAPI or Swagger description");
  CHECK(error_of("a: \xff") == "it is not text in UTF-8");
  CHECK(error_of("openapi: 4.0.0") == "it is of version 4.0.0 of OpenAPI");
  CHECK(error_of("swagger: 1.2") == "it is of version 1.2 of Swagger");
  CHECK(error_of("openapi: 3.0.0") == "the description has no paths");
  CHECK(error_of("openapi: 3.0.0\npaths: { /a: {} }") ==
        "the paths of the description have no operations");
  CHECK(error_of("a: &a [*a]") == "line 1, column 8: the alias stands inside of what it names");
  CHECK(error_of("[a]: 1") == "line 1, column 1: a key is text");
  CHECK_THAT(error_of(std::string(300, '[')), Contains("nested more than 200 deep"));
}

TEST_CASE("openapi: schemas that name each other often are looked at for a while only") {
  std::string schemas = "components: { schemas: {\n  S0: { type: string }";
  for (int i = 1; i < 30; ++i) {
    const auto reference = fmt::format("{{ $ref: '#/components/schemas/S{}' }}", i - 1);
    schemas += fmt::format(",\n  S{}: {{ allOf: [ {}", i, reference);
    for (int again = 0; again < 20; ++again) schemas += ", " + reference;
    schemas += fmt::format(" ], properties: {{ p: {} }} }}", reference);
  }
  const auto endpoint = endpoint_of(
      "/a", "post",
      "{ requestBody: { content: { application/json: { schema: { $ref: "
      "'#/components/schemas/S29' } } } }, responses: { '200': { content: { application/json: { "
      "schema: { $ref: '#/components/schemas/S29' } } } } } }",
      schemas + " } }\n");
  CHECK(parameter(endpoint, "body").place == ParameterPlace::whole_body);
}

TEST_CASE("openapi: aliases of YAML cannot make it larger than memory") {
  std::string text = "a0: &a0 [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n";
  for (int i = 1; i < 40; ++i) {
    text += fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  }
  CHECK_THAT(error_of(text), Contains("aliases make it too large"));
}

}  // namespace tba::importing
