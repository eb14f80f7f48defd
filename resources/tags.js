'use strict';

// Tags of the stack, which CloudFormation gives to all that it makes and AWS can tag. docs/deploy.md#tags

// The param holds a mapping in serverless.yml, or name=value with commas between, after `--param` and in
// the environment.
exports.tags = async ({ resolveVariable }) => readTags((await resolveVariable('param:tags')) ?? '');

function readTags(given) {
  if (typeof given === 'object') return asText(Object.entries(given));
  const pairs = given.split(',').filter((each) => each.trim());
  const odd = pairs.find((each) => !/^\s*[^=\s][^=]*=/.test(each));
  if (odd) throw new Error(`expected name=value,… for the param tags but received ${odd}`);
  return asText(pairs.map((each) => each.split(/=(.*)/s, 2)));
}

// YAML reads a cost centre as a number.
const asText = (pairs) => Object.fromEntries(pairs.map((each) => each.map((text) => String(text).trim())));

exports.readTags = readTags;
