'use strict';

// What a param's value means, by whoever reads it: in serverless.yml it is YAML, after `--param` text.

exports.isOn = (value) => ![undefined, null, '', false, 'false'].includes(value);

// Lists, or values with commas between; `jwtAudience: 12345` is one.
exports.listOf = (value) =>
  [value ?? []]
    .flat()
    .flatMap((each) => String(each).split(','))
    .map((each) => each.trim())
    .filter(Boolean);
