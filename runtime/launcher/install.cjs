// Installs the locked packages and says all along what it does: how long it takes so far, what npm has, what it waits for.
'use strict';

const { createInterface } = require('node:readline');
const { findNpm } = require('./find-npm.cjs');
const { failureOf, trouble } = require('./npm-says.cjs');
const { openProgress } = require('./progress.cjs');
const { runInFront } = require('./run-in-front.cjs');

/** npm ends at once when it is told to; one that does not is killed. */
const NPM_KILL_AFTER_MS = 3_000;
/** Of a long failure, the end. */
const ERROR_LINES_MAX = 12;

/**
 * The lock decides what is installed, and not the settings of this machine: whoever leaves out packages for development
 * still needs the bundler, and no package of the lock needs its install script.
 */
const NPM_CI = [
  'ci',
  '--include=dev',
  '--include=optional',
  '--ignore-scripts',
  '--engine-strict=false',
  '--install-strategy=hoisted',
  '--package-lock=true',
  '--prefer-offline',
  '--no-audit',
  '--no-fund',
  '--no-update-notifier',
  '--no-progress',
  '--color=false',
  '--loglevel=http',
];

/**
 * @param {string} root folder of package.json
 * @returns {Promise<{failure: string | null, signal: string | null}>} `failure` is a sentence; `signal` ended the install
 *   because this process was sent it
 */
async function install(root) {
  const npm = findNpm();
  if (npm === null) {
    return { failure: 'npm is needed to install what it runs on, and is not on PATH.', signal: null };
  }
  const progress = openProgress(process.stderr);
  const errors = [];
  const ended = await runInFront(npm.program, [...npm.args, ...NPM_CI, `--prefix=${root}`], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    killAfterMs: NPM_KILL_AFTER_MS,
    onSpawn: (child) =>
      createInterface({ input: child.stderr }).on('line', (line) => heed(line, progress, errors)),
  });
  progress.end(ended.code === 0);
  if (ended.asked !== null) return { failure: null, signal: ended.asked };
  if (ended.code === 0) return { failure: null, signal: null };
  for (const line of errors.slice(-ERROR_LINES_MAX)) console.error(line);
  return { failure: failureOf(ended, errors), signal: null };
}

function heed(line, progress, errors) {
  if (/^npm (error|ERR!) /.test(line)) {
    errors.push(line);
  } else if (/^npm http (fetch|cache) .*\.tgz /.test(line)) {
    progress.fetched();
  } else if (trouble(line) !== null) {
    progress.waits(trouble(line));
  } else if (line.startsWith('npm http fetch ')) {
    progress.lookedUp();
  }
}

module.exports = { install };
