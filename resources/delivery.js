'use strict';

// What delivery.yml asks for that depends on the stage and its params.

const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { asPem } = require('../layers/delivery_params.js');
const { isOn } = require('./values.js');
const { findPython } = require('../layers/python.js');
const { pageOrigins } = require('./parts.js');

const ROOT = path.join(__dirname, '..');
const NOTHING = { Ref: 'AWS::NoValue' };
const PRESETS = path.join(ROOT, 'presets.toml');

// The function at the edge, with the widths of presets.toml, read by what reads presets everywhere.
exports.normalizeRequest = async () => {
  const python = findPython(ROOT);
  if (!python) throw new Error('Python 3.11 or newer is needed, as .venv/bin/python or python3');
  const widths = execFileSync(python, ['-m', 'lib.presets', '--widths', PRESETS], { cwd: ROOT });
  const code = fs.readFileSync(path.join(__dirname, 'normalize_request.js'), 'utf8');
  return code.replace('const WIDTHS = [];', `const WIDTHS = ${widths.toString().trim()};`);
};

const isSigned = async (resolveVariable) =>
  (await resolveVariable('sls:stage')) !== 'local' &&
  isOn(await resolveVariable('param:delivery')) &&
  (await resolveVariable('param:deliveryAuth')) === 'signed';

const readParams = async (resolveVariable) => {
  const names = ['domain', 'certificateArn', 'deliveryAuth', 'deliveryPublicKey'];
  const values = await Promise.all(names.map((name) => resolveVariable(`param:${name}`)));
  const params = Object.fromEntries(names.map((name, index) => [name, values[index]]));
  return { ...params, signed: params.deliveryAuth === 'signed' };
};

const shortHash = (text) => createHash('sha256').update(text).digest('hex').slice(0, 12);

// CloudFront never changes a key: another one is another resource. The first of several signs.
function publicKeys(given) {
  return [given].flat().filter(Boolean).map((each) => {
    const EncodedKey = asPem(each);
    return { id: `DeliveryKey${shortHash(EncodedKey)}`, EncodedKey };
  });
}

// What CloudFront calls a key, which it does once in all regions and stages.
exports.nameKey = (cdnPrefix, EncodedKey) => `media-pipeline-${shortHash(`${cdnPrefix} ${EncodedKey}`)}`;

// A bucket has one policy: what the CDN may read stands in the one that refuses plain HTTP.
async function withPolicy(resolveVariable, { served, ...cdn }) {
  const { Resources } = (await resolveVariable('param:tlsOnly')) ?? {};
  if (!Resources?.RenditionsPolicy) {
    throw new Error('delivery needs the param tlsOnly as it is by itself: its policy of the bucket is extended');
  }
  const { PolicyDocument } = Resources.RenditionsPolicy.Properties;
  const Statement = [...PolicyDocument.Statement, ...served];
  const Properties = { PolicyDocument: { ...PolicyDocument, Statement } };
  return { ...cdn, extensions: { RenditionsPolicy: { Properties } } };
}

exports.resources = async ({ resolveVariable }) => {
  if ((await resolveVariable('sls:stage')) === 'local') {
    return resolveVariable('file(resources/delivery.yml):local');
  }
  const { signed, deliveryPublicKey } = await readParams(resolveVariable);
  const cdn = await withPolicy(resolveVariable, await resolveVariable('file(resources/delivery.yml):cdn'));
  if (!signed) return cdn;
  const cdnPrefix = await resolveVariable('self:custom.cdnPrefix');
  const keys = publicKeys(deliveryPublicKey);
  const Items = keys.map(({ id }) => ({ Ref: id }));
  const DeliveryKeys = {
    Type: 'AWS::CloudFront::KeyGroup',
    Properties: { KeyGroupConfig: { Name: `${cdnPrefix}-delivery`, Items } },
  };
  const trusted = keys.map(({ id, EncodedKey }) => {
    const Name = exports.nameKey(cdnPrefix, EncodedKey);
    const PublicKeyConfig = { Name, CallerReference: Name, EncodedKey };
    return [id, { Type: 'AWS::CloudFront::PublicKey', Properties: { PublicKeyConfig } }];
  });
  return {
    ...cdn,
    Resources: { ...cdn.Resources, ...Object.fromEntries(trusted), DeliveryKeys },
    Outputs: {
      ...cdn.Outputs,
      DeliveryKeyPairId: { Value: Items[0] },
      DeliveryPrivateKey: { Value: await resolveVariable('param:deliveryPrivateKey') }, // its name in SSM
    },
  };
};

// Of the function that signs, and of no stage where nothing is signed.
exports.layer = async ({ resolveVariable }) =>
  (await isSigned(resolveVariable)) ? resolveVariable('file(resources/delivery.yml):layer') : null;

// The local stage has no CDN: there the HTTP API invokes the function.
exports.events = async ({ resolveVariable }) =>
  (await resolveVariable('sls:stage')) === 'local'
    ? ['GET', 'HEAD'].map((method) => ({ httpApi: { method, path: '/m/{key+}' } }))
    : [];

// What stands before the renditions' keys on the host that is asked. The emulator is one for all.
exports.renditionsPath = async ({ resolveVariable }) =>
  (await resolveVariable('sls:stage')) === 'local'
    ? `/${await resolveVariable('self:custom.renditionsBucket')}`
    : '';

const endpoint = async (resolveVariable) =>
  (await resolveVariable('env:AWS_ENDPOINT_URL')) ?? 'http://127.0.0.1:4566';

exports.localRenditionsUrl = async ({ resolveVariable }) =>
  `${await endpoint(resolveVariable)}/${await resolveVariable('self:custom.renditionsBucket')}`;

// What the function that grants is told, and may: all of it where a stage is signed.
exports.keyPairId = async ({ resolveVariable }) => {
  if (!(await isSigned(resolveVariable))) return '';
  const [{ id }] = publicKeys(await resolveVariable('param:deliveryPublicKey'));
  return { Ref: id };
};

exports.privateKey = async ({ resolveVariable }) =>
  (await isSigned(resolveVariable)) ? resolveVariable('param:deliveryPrivateKey') : '';

exports.mayReadKey = async ({ resolveVariable }) => {
  if (!(await isSigned(resolveVariable))) return NOTHING;
  const name = (await resolveVariable('param:deliveryPrivateKey')).replace(/^\/?/, '/');
  return {
    Sid: 'ReadTheKeyThatSigns',
    Effect: 'Allow',
    Action: 'ssm:GetParameter',
    Resource: { 'Fn::Sub': `arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:parameter${name}` },
  };
};

exports.layersOfWhoSigns = async ({ resolveVariable }) => {
  const names = ['Powertools', ...((await isSigned(resolveVariable)) ? ['Signing'] : [])];
  return names.map((name) => ({ Ref: `${name}LambdaLayer` }));
};

exports.url = async ({ resolveVariable }) => {
  const { domain } = await readParams(resolveVariable);
  return domain ? `https://${domain}` : { 'Fn::Sub': 'https://${Distribution.DomainName}' };
};

exports.aliases = async ({ resolveVariable }) => {
  const { domain } = await readParams(resolveVariable);
  return domain ? [domain] : NOTHING;
};

exports.certificate = async ({ resolveVariable }) => {
  const { certificateArn: AcmCertificateArn } = await readParams(resolveVariable);
  return AcmCertificateArn
    ? { AcmCertificateArn, SslSupportMethod: 'sni-only', MinimumProtocolVersion: 'TLSv1.2_2021' }
    : NOTHING;
};

exports.trustedKeys = async ({ resolveVariable }) => {
  const { signed } = await readParams(resolveVariable);
  return signed ? [{ Ref: 'DeliveryKeys' }] : NOTHING;
};

// Cookies are sent to another origin only where it says that it takes them, and names the page's.
exports.cors = async ({ resolveVariable }) => {
  const { signed } = await readParams(resolveVariable);
  const origins = await pageOrigins({ resolveVariable });
  if (!origins.length) return NOTHING;
  return {
    AccessControlAllowCredentials: signed,
    AccessControlAllowHeaders: { Items: ['Range'] },
    AccessControlAllowMethods: { Items: ['GET', 'HEAD'] },
    AccessControlAllowOrigins: { Items: origins },
    AccessControlExposeHeaders: { Items: ['Content-Length', 'Content-Range', 'ETag'] },
    AccessControlMaxAgeSec: 3600,
    OriginOverride: true,
  };
};
