// SPDX-License-Identifier: Apache-2.0
// The JavaScript clients, each used as its own README says. One request per line on standard input, one answer per line on
// standard output, as in callers.py. With "assume" the keys come from STS first (seed 002's road).
import { createRequire } from 'node:module';
import http from 'node:http';
import path from 'node:path';
import readline from 'node:readline';

// The packages lie in the build folder, this file does not.
const require = createRequire(path.join(process.argv[2], 'package.json'));
const { Sha256 } = require('@aws-crypto/sha256-js');
const { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } = require('@aws-sdk/client-sts');
const { HttpRequest } = require('@smithy/protocol-http');
const { SignatureV4 } = require('@smithy/signature-v4');
const { createSignedFetcher } = require('aws-sigv4-fetch');
const aws4 = require('aws4');
const { aws4Interceptor } = require('aws4-axios');
const { AwsClient } = await import(require.resolve('aws4fetch'));
const axios = require('axios').default;
const ky = (await import(path.join(process.argv[2], 'node_modules/ky/distribution/index.js'))).default;

const credentials = (k) => ({ accessKeyId: k.id, secretAccessKey: k.secret, sessionToken: k.token ?? undefined });

// What @smithy/signature-v4 is given: names to values, a list for a repeated name.
const queryOf = (url) => {
  const query = {};
  for (const [name, value] of url.searchParams) {
    query[name] = name in query ? [query[name], value].flat() : value;
  }
  return query;
};

const smithyHeaders = async (ask) => {
  const url = new URL(ask.url);
  const signer = new SignatureV4({ credentials: credentials(ask.keys), region: ask.region, service: ask.service, sha256: Sha256 });
  const signed = await signer.sign(new HttpRequest({
    method: ask.method, protocol: url.protocol, hostname: url.hostname, port: Number(url.port), path: url.pathname,
    query: queryOf(url), headers: { ...ask.headers, host: url.host }, body: ask.body ?? undefined,
  }));
  return signed.headers;
};

const whole = async (response) => ({ status: response.status, body: await response.text() });

const smithyFetch = async (ask) => whole(await fetch(ask.url, {
  method: ask.method, headers: await smithyHeaders(ask), body: ask.body ?? undefined }));

const smithyKy = async (ask) => whole(await ky(ask.url, {
  method: ask.method, headers: await smithyHeaders(ask), body: ask.body ?? undefined, throwHttpErrors: false, retry: 0 }));

const axiosOptions = (ask) => ({
  method: ask.method, url: ask.url, headers: { ...ask.headers }, data: ask.body ?? undefined, proxy: false,
  validateStatus: () => true, transformResponse: (text) => text });

const smithyAxios = async (ask) => {
  const r = await axios({ ...axiosOptions(ask), headers: await smithyHeaders(ask) });
  return { status: r.status, body: r.data };
};

const aws4Axios = async (ask) => {
  const client = axios.create();
  client.interceptors.request.use(aws4Interceptor({
    options: { region: ask.region, service: ask.service }, credentials: credentials(ask.keys) }));
  const r = await client.request(axiosOptions(ask));
  return { status: r.status, body: r.data };
};

const aws4Fetch = async (ask) => {
  const client = new AwsClient({ ...credentials(ask.keys), region: ask.region, service: ask.service, retries: 0 });
  return whole(await client.fetch(ask.url, { method: ask.method, headers: ask.headers, body: ask.body ?? undefined }));
};

const sigv4Fetch = async (ask) => {
  const signed = createSignedFetcher({ service: ask.service, region: ask.region, credentials: credentials(ask.keys) });
  return whole(await signed(ask.url, { method: ask.method, headers: ask.headers, body: ask.body ?? undefined }));
};

const aws4Http = (ask) => new Promise((resolve, reject) => {
  const url = new URL(ask.url);
  const options = aws4.sign({
    service: ask.service, region: ask.region, method: ask.method, host: url.host, hostname: url.hostname, port: url.port,
    path: url.pathname + url.search, headers: { ...ask.headers }, body: ask.body ?? undefined,
  }, credentials(ask.keys));
  const request = http.request(options, (response) => {
    let body = '';
    response.setEncoding('utf8').on('data', (piece) => { body += piece; });
    response.on('end', () => resolve({ status: response.statusCode, body }));
  });
  request.on('error', reject);
  request.end(ask.body ?? undefined);
});

const clients = {
  'smithy+fetch': smithyFetch, 'smithy+axios': smithyAxios, 'smithy+ky': smithyKy, 'aws4-axios': aws4Axios,
  aws4fetch: aws4Fetch, 'aws-sigv4-fetch': sigv4Fetch, aws4: aws4Http,
};

const sts = (ask) => new STSClient({
  region: ask.region, credentials: credentials(ask.keys), maxAttempts: 1 });

const assumed = async (ask) => {
  const role = { RoleArn: ask.role, RoleSessionName: ask.session, DurationSeconds: 900 };
  return (await sts(ask).send(new AssumeRoleCommand(role))).Credentials;
};

const bySts = async (ask) => {
  try {
    if (ask.action === 'AssumeRole') return { keys: await assumed(ask) };
    return { arn: (await sts(ask).send(new GetCallerIdentityCommand({}))).Arn };
  } catch (problem) {
    if (!problem.$metadata) throw problem;
    return { code: problem.Code ?? problem.name };
  }
};

const answer = async (ask) => {
  try {
    if (ask.action) return await bySts(ask);
    if (ask.role) {
      const k = await assumed(ask);
      ask.keys = { id: k.AccessKeyId, secret: k.SecretAccessKey, token: k.SessionToken };
    }
    return await clients[ask.client](ask);
  } catch (problem) {
    return { error: `${problem.name}: ${problem.message} ${problem.cause?.message ?? ''}`.slice(0, 500) };
  }
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(JSON.parse(line))));
}
