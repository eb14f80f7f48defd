// The local stage runs ffmpeg from where layers/build.py puts it, instead of unzipping it anew.
const path = require('node:path');

exports.ffmpeg = path.join(__dirname, '..', '.build', 'layers', 'host', 'ffmpeg', 'bin', 'ffmpeg');
