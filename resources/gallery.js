'use strict';

// What gallery.yml asks for that depends on the stage and its params.

const { isOn } = require('./values.js');

// From where the page loads pictures and streams, and where it sends uploads.
exports.contentOrigins = async ({ resolveVariable }) => {
  if ((await resolveVariable('sls:stage')) === 'local') {
    return (await resolveVariable('env:AWS_ENDPOINT_URL')) ?? 'http://127.0.0.1:4566';
  }
  const names = ['self:custom.uploadsBucket', 'self:custom.renditionsBucket'];
  const buckets = await Promise.all(names.map((name) => resolveVariable(name)));
  const origins = buckets.map((each) => ({ 'Fn::Sub': `https://${each}.s3.\${AWS::Region}.\${AWS::URLSuffix}` }));
  if (isOn(await resolveVariable('param:delivery, null'))) {
    origins.push(await resolveVariable('file(resources/delivery.js):url'));
  }
  return { 'Fn::Join': [' ', origins] };
};

exports.url = async ({ resolveVariable }) => ({
  'Fn::Join': ['/', [await resolveVariable('file(resources/parts.js):apiUrl'), '']],
});
