// A CloudFront Function (cloudfront-js-2.0) before the cache, for /m/*: what is kept of a request is
// what the answer depends on, so that a picture of one width has three cache keys at most. Whoever
// changes what is read of `Accept` changes lib/entrypoints/http/accept.py: one test holds both to one
// table. The widths are put in when the template is made (resources/delivery.js).
const WIDTHS = [];
const FORMATS = ['image/jpeg', 'image/webp', 'image/avif']; // the newer ones are known to fewer

function handler(event) {
  const request = event.request;
  request.headers.accept = { value: normalizeAccept(request.headers.accept) };
  const kept = {};
  if (request.querystring.w) kept.w = { value: roundUp(request.querystring.w.value) };
  if (request.querystring.box) kept.box = { value: request.querystring.box.value };
  if (request.querystring.poster) kept.poster = { value: '' };
  request.querystring = kept;
  request.uri = request.uri.replace(/[^\w./-]/g, escapeSign);
  return request;
}

// CloudFront signs the path for the function's URL, which reads spaces, parentheses or `+` in it
// otherwise, and then refuses it: https://github.com/aws-samples/image-optimization/issues/44
// What lib/entrypoints/http/deliveries.py undoes leaves neither anything to read.
function escapeSign(sign) {
  return '~' + sign.charCodeAt(0).toString(16).padStart(2, '0'); // sls would read a template
}

// Wildcards promise nothing: browsers sent */* with every image long before they knew AVIF.
function normalizeAccept(header) {
  const weights = readWeights(header);
  let newest = 0;
  let highest = weights[FORMATS[0]] || 0;
  for (let index = 1; index < FORMATS.length; index++) {
    const weight = weights[FORMATS[index]] || 0;
    if (weight > 0 && weight >= highest) {
      newest = index;
      highest = weight;
    }
  }
  return newest ? FORMATS.slice(1, newest + 1).reverse().join(',') : '*/*';
}

function readWeights(header) {
  const weights = {};
  if (!header) return weights;
  const sent = header.multiValue ? header.multiValue.map((each) => each.value) : [header.value];
  sent.join(',').toLowerCase().split(',').forEach((range) => {
    const parts = range.split(';').map((each) => each.trim());
    let weight = 1;
    for (let index = 1; index < parts.length; index++) {
      const found = /^q\s*=\s*(.*)$/.exec(parts[index]);
      if (found) weight = /^\d+\.?\d*$/.test(found[1]) ? Math.min(Number(found[1]), 1) : 0;
    }
    weights[parts[0]] = Math.max(weight, weights[parts[0]] || 0);
  });
  return weights;
}

// The next of the presets' widths, which are all that there is; what is none is refused behind.
function roundUp(text) {
  if (!/^\d{1,5}$/.test(text) || Number(text) === 0) return 'invalid';
  const wide = WIDTHS.filter((each) => each >= Number(text));
  return String(wide.length ? wide[0] : WIDTHS[WIDTHS.length - 1] || text);
}
