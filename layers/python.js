'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

// The project's own Python, which also runs the emulator; else any that is new enough, or null.
exports.findPython = (folder) => {
  const own = path.join(folder, '.venv', 'bin', 'python');
  if (fs.existsSync(own)) return own;
  const check = 'import sys; sys.exit(sys.version_info < (3, 11))';
  return spawnSync('python3', ['-c', check]).status === 0 ? 'python3' : null;
};
