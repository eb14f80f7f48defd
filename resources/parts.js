'use strict';

// The parts of a stage that are optional. Each is one file beside this one, with its `function` and
// its `resources`, and one param that turns it on. What is off is not in the template: osls drops a
// function that is null, and resources that are null.

const { isOn, listOf: readList } = require('./values.js');

// Each half is asked for alone: roles ask whether any function is in a VPC.
const part = (name, param = name) => {
  const half = (key) => async ({ resolveVariable }) =>
    isOn(await resolveVariable(`param:${param}`))
      ? resolveVariable(`file(resources/${name}.yml):${key}`)
      : null;
  return { function: half('function'), resources: half('resources') };
};

exports.api = part('api');
exports.delivery = part('delivery');
exports.webhook = part('webhook', 'webhookUrl');
exports.gallery = part('gallery');

const NOTHING = { Ref: 'AWS::NoValue' };

const listOf = async (resolveVariable, param) => readList(await resolveVariable(`param:${param}`));

// Of the stage `local`: its own pages, and those of the servers that people develop with.
exports.localOrigins = async ({ resolveVariable }) => {
  const { port } = new URL((await resolveVariable('env:AWS_ENDPOINT_URL')) ?? 'http://127.0.0.1:4566');
  return [port, 3000, 5173, 8000].map((each) => `http://localhost:${each}`);
};

exports.apiCors = async ({ resolveVariable }) => {
  const allowedOrigins = await listOf(resolveVariable, 'corsOrigins');
  return allowedOrigins.length
    ? {
        allowedOrigins,
        allowedHeaders: ['authorization', 'content-type', 'if-none-match', 'x-amz-date', 'x-amz-security-token'],
        allowedMethods: ['GET', 'POST', 'DELETE', 'OPTIONS'],
        exposedResponseHeaders: ['etag', 'location', 'retry-after'],
        maxAge: 3600,
      }
    : null;
};

// Whose pages may use the buckets: the gallery's too, which the API serves. On `local` it is among
// the others.
exports.pageOrigins = async ({ resolveVariable }) => {
  const origins = await listOf(resolveVariable, 'corsOrigins');
  const isLocal = (await resolveVariable('sls:stage')) === 'local';
  const own = !isLocal && isOn(await resolveVariable('param:gallery'));
  return own ? [...origins, { 'Fn::GetAtt': ['HttpApi', 'ApiEndpoint'] }] : origins;
};

// Where the part `delivery` serves the renditions; without it they are presigned, one by one.
exports.deliveryUrl = async ({ resolveVariable }) => {
  if (!isOn(await resolveVariable('param:delivery'))) return '';
  const local = (await resolveVariable('sls:stage')) === 'local';
  return resolveVariable(`file(resources/delivery.js):${local ? 'localRenditionsUrl' : 'url'}`);
};

const bucketCors = (AllowedMethods, ExposedHeaders) => async ({ resolveVariable }) => {
  const AllowedOrigins = await exports.pageOrigins({ resolveVariable });
  const rule = { AllowedOrigins, AllowedMethods, AllowedHeaders: ['*'], ExposedHeaders, MaxAge: 3600 };
  return AllowedOrigins.length ? { CorsRules: [rule] } : NOTHING;
};

exports.uploadsCors = bucketCors(['POST', 'PUT'], ['ETag', 'Location']);
exports.renditionsCors = bucketCors(['GET', 'HEAD'], ['ETag', 'Content-Length', 'Content-Range']);

// Who may call the API: the authorizer of its routes, and the one that checks tokens.
const AUTHORIZERS = { iam: { type: 'aws_iam' }, jwt: { name: 'tokens' }, none: null };
exports.apiAuthorizer = async ({ resolveVariable }) => {
  const auth = await resolveVariable('param:apiAuth');
  if (!Object.hasOwn(AUTHORIZERS, auth)) throw new Error(`expected iam, jwt or none for apiAuth but received ${auth}`);
  return AUTHORIZERS[auth];
};

exports.authorizers = async ({ resolveVariable }) => {
  if ((await resolveVariable('param:apiAuth')) !== 'jwt') return null;
  return {
    tokens: {
      type: 'jwt',
      identitySource: '$request.header.Authorization',
      issuerUrl: await resolveVariable('param:jwtIssuer'),
      audience: await listOf(resolveVariable, 'jwtAudience'),
    },
  };
};

// Where the API answers: the emulator has no names for it, and localhost is another origin than
// 127.0.0.1, where the buckets are, as on AWS.
exports.apiUrl = async ({ resolveVariable }) => {
  if ((await resolveVariable('sls:stage')) !== 'local') return { 'Fn::GetAtt': ['HttpApi', 'ApiEndpoint'] };
  const { port } = new URL((await resolveVariable('env:AWS_ENDPOINT_URL')) ?? 'http://127.0.0.1:4566');
  return { 'Fn::Sub': `http://localhost:${port}/_aws/execute-api/\${HttpApi}/$default` };
};
