'use strict';

// Params of the part `delivery` that can't be meant together: AWS would say so after minutes, or never.

const { createPublicKey } = require('node:crypto');

const CERTIFICATE = /^arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate\/\S+$/;
const RSA_BITS = 2048; // the one size that CloudFront verifies

// Return why a distribution can't be made of a stage's params, or null.
function findWrongDelivery({ domain, certificateArn, staleSeconds, deliveryAuth, deliveryPublicKey }) {
  if (!domain !== !certificateArn) {
    return (
      'expected both of the params domain and certificateArn, or none, but received only' +
      ` ${domain ? 'domain' : 'certificateArn'}: CloudFront answers to a name only with a certificate for it.`
    );
  }
  if (certificateArn && !CERTIFICATE.test(certificateArn)) {
    return (
      `expected the ARN of an ACM certificate in us-east-1 for the param certificateArn but received ${certificateArn}:` +
      ' CloudFront takes them from there, whatever the region of the stage is.'
    );
  }
  if (Number(staleSeconds) < 1) {
    return `expected 1 or more for the param staleSeconds but received ${staleSeconds}: what is not kept has no cache key.`;
  }
  if (!['public', 'signed'].includes(deliveryAuth)) {
    return `expected public or signed for the param deliveryAuth but received ${deliveryAuth}`;
  }
  return deliveryAuth === 'signed' ? findWrongKey(deliveryPublicKey) : null;
}

function findWrongKey(given) {
  const keys = [given ?? []].flat().filter(Boolean);
  if (!keys.length) {
    return 'expected the param deliveryPublicKey where deliveryAuth is signed: docs/delivery.md says how to make one';
  }
  return keys.map(whyNotKey).find(Boolean) ?? null;
}

function whyNotKey(key) {
  const wanted = `expected an RSA key of ${RSA_BITS} bits, in PEM, for the param deliveryPublicKey`;
  try {
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPublicKey(asPem(key));
    if (type === 'rsa' && details.modulusLength === RSA_BITS) return null;
    return `${wanted} but received ${[type, details.modulusLength].filter(Boolean).join(' ')}`;
  } catch {
    return `${wanted} but it can't be read`;
  }
}

// A key may be given without the first and last line, for `--param`.
function asPem(key) {
  const body = key.replace(/-----[^-]+-----/g, '').replace(/\s/g, '');
  return `-----BEGIN PUBLIC KEY-----\n${body.match(/.{1,64}/g)?.join('\n') ?? ''}\n-----END PUBLIC KEY-----\n`;
}

module.exports = { asPem, findWrongDelivery };
