// Prints requests as other programs sign them, one JSON object a line: {by: "aws", method, url,
// headers, body, keys, region, service, time, authorization} by aws4, and {by: "oauth1", method,
// url, body, keys, signature, nonce, timestamp, authorization} by oauth-1.0a.
import { createHmac } from "node:crypto";
import aws4 from "aws4";
import OAuth from "oauth-1.0a";

const print = (sample) => console.log(JSON.stringify(sample));

const paths = ["/", "/a/b", "/a%20b/c%2Bd", "//a//b/", "/a/../b/./c", "/~x/-._", "/%C3%A9/%2F/x", "/a:b,c;d=e@f"];
const queries = ["", "b=1&a=2", "k", "k=&K=1", "x=%2F%3D%26&y=%C3%A9", "q=a+b%20c", "a-b=1&a.b=2&a_b=3&a~b=4", "Z=1&a=1"];
const bodies = ["", "Action=List&Version=1", '{"text":"café \u{1F600}"}'];
const services = [
  { service: "execute-api", region: "eu-central-1" },
  { service: "s3", region: "us-east-1" },
  { service: "dynamodb", region: "ap-southeast-2" },
];
const credentials = [
  { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
  { accessKeyId: "ASIAEXAMPLE", secretAccessKey: "another/secret+key", sessionToken: "token/+=" },
];
const added = new Set(["host", "authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"]);

let count = 0;
for (const path of paths) {
  for (const query of queries) {
    for (const { service, region } of services) {
      if (service === "s3" && path.includes("..")) continue; // it is sent without
      const body = bodies[count % bodies.length];
      const keys = credentials[count % credentials.length];
      const time = new Date(Date.UTC(2015, 7, 30, 12, 36) + count * 7_654_321_000).toISOString().replace(/[:-]|\.\d{3}/g, "");
      const method = body ? "POST" : count % 5 ? "GET" : "DELETE";
      const host = count % 3 ? "api.example" : "api.example:8443";
      const target = query ? `${path}?${query}` : path;
      const headers = { "X-Amz-Date": time, "X-Custom": "  a   b ", Accept: "*/*" };
      const signed = aws4.sign({ method, host, path: target, service, region, headers, body: body || undefined }, keys);
      print({
        by: "aws",
        method,
        url: `https://${host}${target}`,
        headers: Object.entries(signed.headers)
          .filter(([name]) => !added.has(name.toLowerCase()))
          .map(([name, value]) => [name, String(value)]),
        body,
        keys,
        region,
        service,
        time,
        authorization: signed.headers.Authorization,
      });
      ++count;
    }
  }
}

const fields = [{}, { status: "Hello Ladies + Gentlemen, a signed OAuth request!" }, { "a[]": "1", "é ü": "*'()~", empty: "" }];
const targets = ["/", "/1.1/statuses/update.json", "/a%20b/c", "/x?include=true", "/x?b=%C3%A9%20&a=%2A&b=1", "/x?z=%25"];
const tokens = [undefined, { key: "token-1", secret: "to%ken/secret" }];
for (const [i, target] of targets.entries()) {
  for (const data of fields) {
    for (const token of tokens) {
      for (const [signature, hash] of [["HMAC-SHA1", "sha1"], ["HMAC-SHA256", "sha256"]]) {
        const consumer = { key: "consumer key", secret: "con&sumer" };
        const oauth = OAuth({
          consumer,
          signature_method: signature,
          hash_function: (text, key) => createHmac(hash, key).update(text).digest("base64"),
        });
        oauth.getNonce = () => `nonce+${i}`;
        oauth.getTimeStamp = () => 1_318_622_958 + i;
        const method = Object.keys(data).length ? "POST" : "GET";
        const url = `https://api.example${target}`;
        print({
          by: "oauth1",
          method,
          url,
          body: new URLSearchParams(data).toString(),
          keys: { consumer, token },
          signature,
          nonce: oauth.getNonce(),
          timestamp: oauth.getTimeStamp(),
          authorization: oauth.toHeader(oauth.authorize({ method, url, data: { ...data } }, token)).Authorization,
        });
      }
    }
  }
}
