// SPDX-License-Identifier: Apache-2.0
// peers.js MODULES NAME <cases >answers: smithy or aws4, out of the folder MODULES, signs each case of generate.py; one
// JSON object a line. smithy takes parameters and fields as objects: it is given the query decoded ('+' is a space) and
// repeated fields joined. Its SigV4A key and string to sign are shown, for "verify", which asks node's own ECDSA.
"use strict";
const crypto = require("crypto");
const path = require("path");
const readline = require("readline");

const [modules, name] = process.argv.slice(2);
const load = (which) => require(path.resolve(modules, which));

function joined(fields) {
  const out = {};
  for (const [field, value] of fields) {
    const low = field.toLowerCase();
    const trimmed = value.replace(/^[ \t]+|[ \t]+$/g, "");
    out[low] = low in out ? out[low] + "," + trimmed : trimmed;
  }
  return out;
}

function decoded(query) {
  const out = Object.create(null);
  for (const piece of (query || "").split("&")) {
    if (!piece) continue;
    const at = piece.includes("=") ? piece.indexOf("=") : piece.length;
    const wire = [piece.slice(0, at), piece.slice(at + 1)];
    const [key, value] = wire.map((s) => decodeURIComponent(s.replace(/\+/g, " ")));
    if (key in out) out[key].push(value);
    else out[key] = [value];
  }
  return { ...out };
}

const amzDate = (c) => new Date(c.unix_s * 1000).toISOString().replace(/[-:]|\.\d{3}/g, "");
const body = (c) => Buffer.from(c.body, "base64");

class Sha256 {
  constructor(key) {
    this.hash = key ? crypto.createHmac("sha256", key) : crypto.createHash("sha256");
  }
  update(data) {
    this.hash.update(data);
  }
  async digest() {
    return new Uint8Array(this.hash.digest());
  }
}

class Smithy {
  constructor() {
    this.v4 = load("@smithy/signature-v4").SignatureV4;
    this.v4a = load("@smithy/signature-v4a").SignatureV4a;
  }

  signer(c) {
    const v4a = c.algorithm === "v4a";
    const credentials = { accessKeyId: c.id, secretAccessKey: c.secret };
    if (c.token && !c.unsigned_token) credentials.sessionToken = c.token;
    const s3 = c.service.startsWith("s3");
    const options = { credentials, region: c.region, service: c.service, sha256: Sha256, uriEscapePath: !s3,
      applyChecksum: false };
    const signer = v4a ? new this.v4a(options) : new this.v4(options);
    const seen = {};
    const canonical = signer.createCanonicalRequest.bind(signer);
    signer.createCanonicalRequest = (...all) => (seen.canonical = canonical(...all));
    if (v4a) {
      const sign = signer.getSignature.bind(signer);
      signer.getSignature = (key, toSign) => {
        const pair = crypto.createECDH("prime256v1");
        pair.setPrivateKey(Buffer.from(key));
        seen.public_key = pair.getPublicKey("base64");
        seen.string_to_sign = toSign;
        return sign(key, toSign);
      };
    }
    return [signer, seen];
  }

  async sign(c) {
    const [signer, seen] = this.signer(c);
    const headers = joined(c.fields);
    if (c.send_hash) headers["x-amz-content-sha256"] = c.payload_hash;
    // A body that it cannot read is a stream, which it does not hash.
    const sent = c.payload_hash === "UNSIGNED-PAYLOAD" ? {} : c.body ? body(c) : undefined;
    const request = { method: c.method, protocol: "https:", hostname: headers.host, path: c.path, headers, body: sent,
      query: decoded(c.query) };
    const signingDate = new Date(c.unix_s * 1000);
    if (c.placement === "header") {
      const done = await signer.sign(request, { signingDate });
      seen.signature = done.headers.authorization.split("Signature=")[1];
      if (c.algorithm === "v4a") seen.fields = Object.entries(done.headers);
      return seen;
    }
    if (c.algorithm === "v4a") throw new Error("it presigns no SigV4A");
    const done = await signer.presign(request, { signingDate, expiresIn: c.expires_s,
      unhoistableHeaders: new Set(Object.keys(headers)) });
    seen.signature = done.query["X-Amz-Signature"];
    return seen;
  }
}

class Aws4 {
  constructor() {
    this.signer = load("aws4").RequestSigner;
  }

  sign(c) {
    if (c.algorithm === "v4a") throw new Error("it knows no SigV4A");
    const headers = joined(c.fields);
    const signQuery = c.placement === "query";
    let target = c.path + (c.query === null ? "" : "?" + c.query);
    if (c.send_hash) headers["x-amz-content-sha256"] = c.payload_hash;
    if (signQuery) target += (c.query === null ? "?" : "&") + `X-Amz-Date=${amzDate(c)}&X-Amz-Expires=${c.expires_s}`;
    else headers["x-amz-date"] = amzDate(c);
    if (!signQuery && c.token && !c.unsigned_token) headers["x-amz-security-token"] = c.token;
    const credentials = { accessKeyId: c.id, secretAccessKey: c.secret };
    if (signQuery && c.token && !c.unsigned_token) credentials.sessionToken = c.token;
    const signer = new this.signer({ service: c.service, region: c.region, method: c.method, path: target, headers,
      body: body(c), doNotModifyHeaders: true, signQuery }, credentials);
    signer.datetime = amzDate(c);
    signer.prepareRequest();
    return { canonical: signer.canonicalString(), signature: signer.signature() };
  }
}

// Is the signature (hex) of string_to_sign by public_key (an uncompressed point)?
function verify(c) {
  const prefix = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d030107034200", "hex");
  const der = Buffer.concat([prefix, Buffer.from(c.public_key, "base64")]);
  const key = crypto.createPublicKey({ key: der, format: "der", type: "spki" });
  return { valid: crypto.verify("sha256", Buffer.from(c.string_to_sign), key, Buffer.from(c.signature, "hex")) };
}

async function main() {
  const peer = name === "smithy" ? new Smithy() : name === "aws4" ? new Aws4() : { sign: verify };
  let out = [];
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let answer;
    try {
      answer = await peer.sign(JSON.parse(line));
    } catch (e) {
      answer = { refused: `${e.name}: ${e.message}` };
    }
    out.push(JSON.stringify(answer));
    if (out.length < 1000) continue;
    process.stdout.write(out.join("\n") + "\n");
    out = [];
  }
  if (out.length) process.stdout.write(out.join("\n") + "\n");
}

main();
