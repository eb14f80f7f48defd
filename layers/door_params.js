'use strict';

const { isOn, listOf } = require('../resources/values.js');
const { findWrongDelivery } = require('./delivery_params.js');

// Params of the doors that can't be meant together, or would open a stage wider than anybody wants.
// AWS takes them all, and says nothing.

// Return why the doors of a stage can't be meant so, or null. `params` are all that it has.
function findWrongDoor(params, stage) {
  const isLocal = stage === 'local';
  return (
    findWrongAuth(params, isLocal) ??
    findWrongOrigin(listOf(params.corsOrigins)) ??
    findWrongGallery(params) ??
    findWrongReceiver(params) ??
    (isOn(params.delivery) && !isLocal ? findWrongDelivery(params) : null)
  );
}

function findWrongAuth({ apiAuth, jwtIssuer, jwtAudience, tenantClaim }, isLocal) {
  if (apiAuth === undefined) return null;
  if (!['iam', 'jwt', 'none'].includes(apiAuth)) {
    return `expected iam, jwt or none for the param apiAuth but received ${apiAuth}`;
  }
  if (apiAuth === 'none' && !isLocal) {
    return (
      'expected iam or jwt for the param apiAuth but received none: whoever finds the address could fill your bucket,' +
      " see everybody's files and delete them. Write apiAuth: iam for a back end that signs its requests, or" +
      ' apiAuth: jwt with jwtIssuer and jwtAudience for browsers; none is for the stage local, on your machine.'
    );
  }
  if (apiAuth !== 'jwt') {
    if (!isOn(tenantClaim)) return null;
    return (
      `expected apiAuth: jwt where tenantClaim is ${tenantClaim} but received ${apiAuth}: only a token has claims,` +
      ' so every caller would have every key. Write apiAuth: jwt, or leave tenantClaim out.'
    );
  }
  if (!isIssuer(jwtIssuer, isLocal)) {
    return (
      `expected an address with https for the param jwtIssuer but received ${jwtIssuer || 'none'}: API Gateway fetches the` +
      ' keys of its tokens from there. Write what the tokens say in iss, such as' +
      ' jwtIssuer: https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI or https://example.eu.auth0.com/'
    );
  }
  if (listOf(jwtAudience).length) return null;
  return (
    'expected the param jwtAudience where apiAuth is jwt but received none: a token that the issuer made for another' +
    ' app would do. Write what the tokens say in aud (or client_id), such as jwtAudience: 1example23456789'
  );
}

// The emulator takes issuers of this machine, which have no certificate.
function isIssuer(address, isLocal) {
  if (!URL.canParse(address ?? '')) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === 'https:' || (isLocal && ['127.0.0.1', 'localhost'].includes(hostname));
}

function findWrongOrigin(origins) {
  const wrong = origins.find((each) => !isOrigin(each));
  if (wrong === undefined) return null;
  if (wrong.includes('*')) {
    return (
      `expected origins by their names for the param corsOrigins but received ${wrong}: any page that somebody with a` +
      ' token or a cookie looks at could use the API in their name. Write each, such as https://app.example.com'
    );
  }
  const meant = URL.canParse(wrong) ? new URL(wrong).origin : 'null';
  const instead = meant === 'null' ? 'https://app.example.com' : meant;
  return (
    `expected scheme://host[:port] for each of the param corsOrigins but received ${wrong}: browsers send no more than` +
    ` that, letter by letter. Write ${instead}`
  );
}

const isOrigin = (text) =>
  URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text && !text.includes('*');

function findWrongGallery({ gallery, api, apiAuth }) {
  if (!isOn(gallery)) return null;
  if (!isOn(api)) {
    return (
      'expected the param api to be true where gallery is: its page asks the HTTP API. Write api: true, or leave' +
      ' gallery out.'
    );
  }
  if (apiAuth !== 'iam') return null;
  return (
    'expected jwt for the param apiAuth where gallery is true but received iam: a page in a browser has no key of AWS' +
    ' to sign with. Write apiAuth: jwt with jwtIssuer and jwtAudience, or leave gallery out.'
  );
}

const LONGEST_DEADLINE = 20; // s, of a function's 30: webhook.yml
const LONGEST_WEBHOOK = 1209600 / 2; // s; after twice as long SQS drops a message, which nobody hears of

function findWrongTimes({ webhookDeadline, webhookDelays, webhookSeconds, maxReceives }) {
  if (Number(webhookDeadline) > LONGEST_DEADLINE) {
    return `expected at most ${LONGEST_DEADLINE} s for the param webhookDeadline but received ${webhookDeadline}: the function has 30`;
  }
  if (Number(webhookSeconds) > LONGEST_WEBHOOK) {
    return `expected at most ${LONGEST_WEBHOOK} s for the param webhookSeconds but received ${webhookSeconds}: SQS keeps nothing for ever`;
  }
  const tries = countTries(String(webhookDelays).split(',').map(Number), Number(webhookSeconds));
  if (tries <= Number(maxReceives) * 0.75) return null;
  return (
    `expected longer waits for the param webhookDelays but received ${webhookDelays}: an event would be tried` +
    ` ${tries} times in ${webhookSeconds} s, and SQS makes a dead letter of it after ${maxReceives}, other failures` +
    ' among them. Write a longer last one.'
  );
}

// How often an event is tried in the time that it has.
function countTries(delays, seconds) {
  const waits = delays.map((each) => Math.max(each, 1));
  const all = waits.reduce((sum, each) => sum + each, 0);
  return waits.length + 1 + Math.max(0, Math.ceil((seconds - all) / waits.at(-1)));
}

function findWrongReceiver(params) {
  const { webhookUrl, webhookPrivate, webhookDelays = '0' } = params;
  if (!/^\d+(,\d+)*$/.test(String(webhookDelays))) {
    return `expected seconds with commas between them for the param webhookDelays but received ${webhookDelays}`;
  }
  if (!isOn(webhookUrl)) return null;
  const { protocol, username, password } = URL.canParse(webhookUrl) ? new URL(webhookUrl) : {};
  const taken = isOn(webhookPrivate) ? ['http:', 'https:'] : ['https:'];
  if (!taken.includes(protocol) && isOn(webhookPrivate)) {
    return (
      `expected an address with http or https for the param webhookUrl but received ${webhookUrl}.` +
      ' Write all of it, such as http://127.0.0.1:3000/hooks/media.'
    );
  }
  if (!taken.includes(protocol)) {
    return (
      `expected an address with https for the param webhookUrl but received ${webhookUrl}: events hold keys of your` +
      ' users. Write https://…, or webhookPrivate: true for a receiver in your VPC.'
    );
  }
  if (!username && !password) return findWrongTimes(params);
  return (
    'expected no user and password in the param webhookUrl: they would stand in the template and in logs. The receiver' +
    ' knows events by their signature; a token may stand in the path.'
  );
}

module.exports = { findWrongDoor };
