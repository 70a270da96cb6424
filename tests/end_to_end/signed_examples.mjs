// Prints GitHub's example payloads, one JSON object {event, body, signature} a line, signed with the
// secret in argv by GitHub's own package: an implementation that is not ours.
import { createRequire } from "node:module";
import { sign } from "@octokit/webhooks-methods";

const [secret] = process.argv.slice(2);
const events = createRequire(import.meta.url)("@octokit/webhooks-examples");
for (const { name, examples } of events) {
  for (const example of examples) {
    const body = JSON.stringify(example);
    console.log(JSON.stringify({ event: name, body, signature: await sign(secret, body) }));
  }
}
