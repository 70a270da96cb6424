// Prints deliveries of webhooks, one JSON object {connector, scheme, secret, now, headers, body,
// change, right} a line: made by the senders' own packages and then changed in all the ways that
// matter. Whether a delivery is right is what these packages say of it.
import { createRequire } from "node:module";
import { generateKeyPairSync, sign as signWith } from "node:crypto";
import * as octokit from "@octokit/webhooks-methods";
import { verifyKey } from "discord-interactions";
import { Webhook as Standard } from "standardwebhooks";
import { Webhook as Svix } from "svix";
import Stripe from "stripe";

const { verifySlackRequest } = createRequire(import.meta.url)("@slack/bolt/dist/receivers/verify-request.js");
const stripe = new Stripe("sk_test_none");
const { webhooks } = stripe;
const now = Math.floor(Date.now() / 1000);
const body = JSON.stringify({ type: "user.created", text: "caf\u00e9 \u{1F600}", list: [1, 2.5, null] });

const standardSecret = "whsec_" + Buffer.from("0123456789abcdef0123456789abcdef").toString("base64");
const otherSecret = "whsec_" + Buffer.from("fedcba9876543210fedcba9876543210").toString("base64");
const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const publicHex = publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("hex");
const slackSecret = "8f742231b10e8888abcd99yyyzzz85a5";

const throwsNothing = async (check) => {
  try {
    return (await check()) !== false;
  } catch {
    return false;
  }
};

/** A sender: `send(secret, time)` gives headers, `verify(secret, headers, body)` tells if they hold. */
const standard = (connector, scheme, Package) => ({
  connector,
  scheme,
  secret: standardSecret,
  other: otherSecret,
  timestamp: "webhook-timestamp",
  signature: "webhook-signature",
  send: (secret, time) => ({
    "webhook-id": "msg_1",
    "webhook-timestamp": String(time),
    "webhook-signature": new Package(secret).sign("msg_1", new Date(time * 1000), body),
  }),
  verify: (secret, headers, text) => throwsNothing(() => void new Package(secret).verify(text, headers)),
});

const senders = [
  {
    connector: "github",
    scheme: "webhook",
    secret: "It's a Secret to Everybody",
    other: "another",
    signature: "X-Hub-Signature-256",
    send: async (secret, time, text = body) => ({ "X-Hub-Signature-256": await octokit.sign(secret, text) }),
    form: new URLSearchParams({ payload: body }).toString(), // as it can be set up to send
    verify: (secret, headers, text) =>
      throwsNothing(() => octokit.verify(secret, text, headers["X-Hub-Signature-256"] ?? "")),
  },
  {
    connector: "stripe",
    scheme: "webhook",
    secret: "whsec_stripe",
    other: "whsec_other",
    signature: "Stripe-Signature",
    send: (secret, time) => ({
      "Stripe-Signature": webhooks.generateTestHeaderString({ payload: body, secret, timestamp: time }),
    }),
    verify: (secret, headers, text) =>
      throwsNothing(() => void webhooks.constructEvent(text, headers["Stripe-Signature"], secret)),
    // As while the secret is changed: two of them, and one of an older kind.
    variants: (headers, others) => {
      const [time, signature] = headers["Stripe-Signature"].split(",");
      const other = others["Stripe-Signature"].split(",")[1];
      return [
        { "Stripe-Signature": [time, other, signature].join(",") },
        { "Stripe-Signature": [time, signature, other, "v0=" + "0".repeat(64)].join(",") },
        { "Stripe-Signature": [time, signature.replace("v1=", "v0=")].join(",") },
        { "Stripe-Signature": [time, other].join(",") },
        { "Stripe-Signature": signature },
      ];
    },
  },
  {
    connector: "slack",
    scheme: "webhook",
    secret: slackSecret,
    other: "another",
    timestamp: "X-Slack-Request-Timestamp",
    signature: "X-Slack-Signature",
    // Its package signs nothing; what is made here must please it.
    send: async (secret, time) => ({
      "X-Slack-Request-Timestamp": String(time),
      "X-Slack-Signature": (await octokit.sign(secret, `v0:${time}:${body}`)).replace("sha256=", "v0="),
    }),
    verify: (secret, headers, text) =>
      throwsNothing(
        () =>
          void verifySlackRequest({
            signingSecret: secret,
            body: text,
            headers: {
              "x-slack-signature": headers["X-Slack-Signature"],
              "x-slack-request-timestamp": Number(headers["X-Slack-Request-Timestamp"]),
            },
          }),
      ),
  },
  {
    connector: "discord",
    scheme: "application",
    secret: publicHex,
    timestamp: "X-Signature-Timestamp",
    signature: "X-Signature-Ed25519",
    ageless: true, // its package does not look at the time
    send: (secret, time) => ({
      "X-Signature-Timestamp": String(time),
      "X-Signature-Ed25519": signWith(null, Buffer.from(time + body), privateKey).toString("hex"),
    }),
    verify: (secret, headers, text) =>
      throwsNothing(() =>
        verifyKey(text, headers["X-Signature-Ed25519"], headers["X-Signature-Timestamp"], secret),
      ),
  },
  standard("standard-webhooks", "webhook", Standard),
  standard("standard-webhooks", "webhook", Svix),
  standard("openai", "webhook", Standard),
  standard("gitlab", "webhook-signing", Standard),
];

/** The text with another character in the middle that means something else. */
const changed = (text) => {
  const at = Math.floor(text.length * 0.7);
  return text.slice(0, at) + (text[at] === "a" ? "b" : "a") + text.slice(at + 1);
};

for (const sender of senders) {
  const { connector, scheme, secret } = sender;
  const print = async (change, headers, text = body, key = secret) => {
    const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
    const right = await sender.verify(key, given, text);
    console.log(JSON.stringify({ connector, scheme, secret: key, now, headers: given, body: text, change, right }));
  };
  const headers = await sender.send(secret, now);
  await print("none", headers);
  await print("body", headers, body + " ");
  if (sender.form) {
    const signed = await sender.send(secret, now, sender.form);
    await print("form", signed, sender.form);
    await print("form, changed", signed, sender.form + "&a=1");
  }
  await print("empty body", headers, "");
  await print("signature", { ...headers, [sender.signature]: changed(headers[sender.signature]) });
  await print("no signature", { ...headers, [sender.signature]: undefined });
  await print("empty signature", { ...headers, [sender.signature]: "" });
  if (sender.other) await print("secret", headers, body, sender.other);
  if (sender.timestamp) {
    await print("other time", { ...headers, [sender.timestamp]: String(now - 1) });
    await print("no time", { ...headers, [sender.timestamp]: undefined });
  }
  if (headers["webhook-id"]) {
    await print("other id", { ...headers, "webhook-id": "msg_2" });
    await print("no id", { ...headers, "webhook-id": undefined });
    const other = (await sender.send(sender.other, now))["webhook-signature"];
    const own = headers["webhook-signature"];
    for (const several of [`${other} ${own}`, `${own} ${other}`, `v1a,${own.slice(3)} ${own}`, `v2,${own.slice(3)}`]) {
      await print("several signatures", { ...headers, "webhook-signature": several });
    }
  }
  if (sender.variants) {
    const others = await sender.send(sender.other, now);
    for (const variant of sender.variants(headers, others)) await print("several signatures", variant);
  }
  if (connector !== "github" && !sender.ageless) {
    for (const seconds of [200, 600]) await print(`${seconds} s old`, await sender.send(secret, now - seconds));
  }
  if (headers["webhook-id"]) await print("600 s ahead", await sender.send(secret, now + 600));
}
