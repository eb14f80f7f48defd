'use strict';

// What `sls` does for this service beyond serverless.yml: before it packages, it waits for its lock,
// checks presets.toml and builds the layers that are missing or stale; afterwards it makes the
// packages slim; and it keeps the local stage on this machine.

const { spawn } = require('node:child_process');
const path = require('node:path');
const readline = require('node:readline');
const { findAddresses } = require('./addresses.js');
const { findWrongDoor } = require('./door_params.js');
const { findPython } = require('./python.js');

const LOCAL_STAGE = 'local';
const LONGEST_STAGE = 24; // so that a bucket's name fits into 63 in every region: docs/adr/0025
const LAYERS = path.join('.build', 'layers');
const EMULATORS_KEY = 'LOCAL'; // AWS issues none that begin so: lib/tools/emulator/environment.py
// sls would ask for this machine through a proxy, whatever NO_PROXY says. Names of the variables that
// say where it is, and what is put in front while they are aside: see lib/tools/emulator/environment.py.
const PROXIES = /^(proxy|(http|https|all)_proxy)$/i;
const ASIDE = 'DOWNLOADS_';
// What a param has to be like, by what it is by default.
const KINDS = { number: ['a whole number', /^\d+$/], boolean: ['true or false', /^(true|false)$/] };

class MediaLayers {
  constructor(serverless, options, { log } = {}) {
    this.serverless = serverless;
    this.log = log;
    // Not in the `initialize` hook: variables may be resolved by AWS before that one runs, and the
    // names that a stage is part of are checked before it, by patterns that say nothing of stages.
    this.stage = options.stage ?? serverless.getProvider('aws').getStage();
    if (!options.help) this.checkStage(serverless.processedInput?.commands?.[0]);
    this.givenParams = options.param ?? [];
    this.hooks = {
      initialize: () => this.dropLayersThatAreOff(),
      'before:package:cleanup': () => this.takeLock(),
      'before:package:createDeploymentArtifacts': async () => {
        this.checkParams();
        await this.checkPresets();
        this.checkTargets();
        await this.buildLayers();
        await this.buildPage();
      },
      'after:package:createDeploymentArtifacts': () => this.slimPackages(),
      'after:aws:info:displayStackOutputs': () => this.showAddresses(), // of `sls info` and `sls deploy`
      'after:package:function:package': () => this.slimPackages(),
      // `sls deploy function` uploads code without layers.
      'before:package:function:package': async () => {
        await this.takeLock();
        await this.checkPresets();
        await this.buildPage();
      },
    };
  }

  // A layer of a part that is off is null; osls drops functions that are, and fails on layers.
  dropLayersThatAreOff() {
    const layers = this.serverless.service.layers ?? {};
    for (const name of Object.keys(layers)) if (layers[name] === null) delete layers[name];
  }

  checkStage(command) {
    // With a profile, from .env say, the SDK would pass over the emulator's keys.
    if (process.env.AWS_ACCESS_KEY_ID?.startsWith(EMULATORS_KEY)) delete process.env.AWS_PROFILE;
    // What a wrong name has left half deployed can be removed.
    const wrong = command !== 'remove' && findWrongName(this.stage);
    if (wrong) throw this.refuse(wrong, 'STAGE_NAME');
    if (this.stage !== LOCAL_STAGE) return;
    const remote = findRemoteEndpoint(process.env);
    if (remote) throw this.refuse(remote, 'LOCAL_STAGE_NEEDS_EMULATOR');
    putProxiesAside(process.env);
  }

  // Two `sls` at a time would write the same files in .serverless: zips come out cut short, and are
  // deployed so. The lock lasts as long as this process.
  async takeLock() {
    const script = path.join('layers', 'file_lock.py');
    const child = spawn(this.python(), [script, path.join('.build', 'sls.lock')], {
      cwd: this.serverless.serviceDir,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    for await (const line of readline.createInterface({ input: child.stdout })) {
      if (line === 'waiting') this.log.notice('Waiting for another sls in this folder to end');
      if (line !== 'taken') continue;
      for (const handle of [child, child.stdin, child.stdout]) handle.unref();
      return;
    }
    throw this.refuse(`${script} failed`, 'NO_TURN');
  }

  // Functions read their numbers when they start: a wrong one deploys, and then fails each call.
  checkParams() {
    const params = this.serverless.configurationInput?.params ?? {};
    const given = [this.givenParams].flat().map((each) => each.split(/=(.*)/s, 2));
    const all = { ...params.default, ...params[this.stage], ...Object.fromEntries(given) };
    const wrong = findWrongParam(params, this.stage, given) ?? findWrongDoor(all, this.stage);
    if (wrong) throw this.refuse(wrong, 'WRONG_PARAM');
  }

  async checkPresets() {
    await this.run(['-m', 'lib.presets', 'presets.toml'], 'PRESETS_INVALID');
  }

  // A layer's path, .build/layers/<target>/<layer>, names all that there is to know.
  ownLayers() {
    const wanted = new Map();
    for (const layer of Object.values(this.serverless.service.layers ?? {})) {
      const [target, name, ...rest] = path.relative(LAYERS, layer.path ?? '..').split(path.sep);
      if (target === '..' || !name || rest.length) continue;
      wanted.set(target, [...(wanted.get(target) ?? []), name]);
    }
    return wanted;
  }

  // What is built for another processor or Python packages and deploys, and then fails each call.
  checkTargets() {
    if (this.stage === LOCAL_STAGE) return; // the emulator runs all with one Python
    const { functions, provider } = this.serverless.service;
    for (const [name, each] of Object.entries(functions ?? {})) {
      const architecture = each.architecture ?? provider.architecture;
      const runtime = each.runtime ?? provider.runtime;
      const fitting = `${architecture}-${runtime.replace('python', 'py')}`;
      const other = [...this.ownLayers().keys()].find((target) => target !== fitting);
      if (!other) continue;
      throw this.refuse(
        `${name} runs on ${architecture} with ${runtime}, but its layers are built for ${other}.\n` +
          'Set the param `architecture` alone; another Python needs provider.runtime and the param' +
          ' `layers` to say so both.',
        'LAYERS_DO_NOT_FIT'
      );
    }
  }

  async buildLayers() {
    for (const [target, names] of this.ownLayers()) {
      const script = path.join('layers', 'build.py');
      const env = withProxies(process.env);
      await this.run([script, '--target', target, ...names], 'LAYER_BUILD_FAILED', env);
    }
  }

  // What browsers load of the gallery, where the stage has one.
  async buildPage() {
    if (!this.serverless.service.functions?.gallery) return;
    const script = path.join('lib', 'tools', 'build_web.mjs');
    await this.run([script], 'PAGE_BUILD_FAILED', process.env, process.execPath);
  }

  // Code without what nobody reads there. After `sls deploy function` one function has a package.
  async slimPackages() {
    const functions = Object.values(this.serverless.service.functions);
    const packages = functions.map((each) => each.package?.artifact).filter(Boolean);
    await this.run([path.join('layers', 'slim.py'), ...packages], 'SLIM_FAILED');
  }

  showAddresses() {
    const { gatheredData } = this.serverless.pluginManager.plugins.find((each) => each.gatheredData);
    const addresses = findAddresses(gatheredData.outputs);
    if (addresses.length) this.serverless.addServiceOutputSection('addresses', addresses);
    // osls lists routes below a name that AWS would have given the API.
    if (this.stage === LOCAL_STAGE) this.serverless.serviceOutputs.delete('endpoints');
  }

  async run(args, code, env = process.env, command = this.python()) {
    const child = spawn(command, args, {
      cwd: this.serverless.serviceDir,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const errors = [];
    child.stderr.on('data', (chunk) => errors.push(chunk));
    readline.createInterface({ input: child.stdout }).on('line', (line) => this.log.notice(line));
    const status = await new Promise((resolve, reject) => {
      child.on('error', reject).on('close', resolve);
    });
    if (status !== 0) throw this.refuse(Buffer.concat(errors).toString().trim(), code);
  }

  python() {
    const found = findPython(this.serverless.serviceDir);
    if (found) return found;
    throw this.refuse('Python 3.11 or newer is needed, as .venv/bin/python or python3', 'NO_PYTHON');
  }

  refuse(message, code) {
    return new this.serverless.classes.Error(message, code);
  }
}

// Return why a stage can't be called so, or null.
function findWrongName(stage) {
  if (new RegExp(`^(?=.{1,${LONGEST_STAGE}}$)[a-z0-9]+(-+[a-z0-9]+)*$`).test(stage)) return null;
  return (
    `expected lower-case letters, digits and hyphens between them, at most ${LONGEST_STAGE}, ` +
    `for a stage but received ${stage}: its name is part of the names of buckets. ` +
    'Choose another one, such as `--stage qa-2`.'
  );
}

// Return why a param of a stage, or one of the pairs of names and values that were given, can't be
// meant, or null.
function findWrongParam(params, stage, given) {
  const known = { ...params.default, ...params[stage] };
  const typo = given.find(([name]) => !(name in known));
  if (typo) {
    const names = Object.keys(known).sort();
    const near = names.find((each) => shortened(each).some((part) => shortened(typo[0]).includes(part)));
    const meant = near ? `did you mean ${near}?` : `it has ${names.join(', ')}`;
    return `expected a param of serverless.yml but received ${typo[0]}: ${meant}`;
  }
  const values = [...Object.entries(params[stage] ?? {}), ...given];
  for (const [name, value] of values) {
    const [meant, pattern] = KINDS[typeof params.default?.[name]] ?? [];
    if (pattern && !pattern.test(String(value))) {
      return `expected ${meant} for the param ${name} but received ${value}`;
    }
  }
  return null;
}

// A word without one of its letters, and as it is: two that have one of these in common are a typo apart.
const shortened = (word) =>
  [word, ...Array.from(word, (_, at) => word.slice(0, at) + word.slice(at + 1))].map((each) => each.toLowerCase());

// Return why the AWS SDK could leave this machine, or null.
function findRemoteEndpoint(env) {
  const wayOut = '\n`npm run demo -- --keep` starts an emulator and prints the variables to set.';
  if (!env.AWS_ENDPOINT_URL) {
    return `Stage local runs on this machine only, but AWS_ENDPOINT_URL is not set.${wayOut}`;
  }
  if (/^true$/i.test(env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS ?? '')) {
    return `Stage local runs on this machine only: unset AWS_IGNORE_CONFIGURED_ENDPOINT_URLS.${wayOut}`;
  }
  // AWS_ENDPOINT_URL_S3 and its like take precedence over AWS_ENDPOINT_URL.
  const remote = Object.keys(env).find(
    (name) => /^AWS_ENDPOINT_URL(_|$)/.test(name) && env[name] && !isLoopback(env[name])
  );
  if (!remote) return null;
  const received = `expected http://127.0.0.1:PORT for ${remote} but received ${env[remote]}`;
  return `Stage local runs on this machine only: ${received}${wayOut}`;
}

function putProxiesAside(env) {
  for (const name of Object.keys(env).filter((each) => PROXIES.test(each))) {
    env[ASIDE + name] = env[name];
    delete env[name];
  }
}

// Return an environment for what fetches packages: of all that a deploy does, it alone needs a proxy.
function withProxies(env) {
  const aside = Object.keys(env).filter((name) => name.startsWith(ASIDE));
  return { ...env, ...Object.fromEntries(aside.map((name) => [name.slice(ASIDE.length), env[name]])) };
}

function isLoopback(url) {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  const local = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
  return local && /^https?:$/.test(protocol);
}

module.exports = MediaLayers;
