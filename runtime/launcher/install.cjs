// Installs the locked packages and reports its progress: the time so far, what npm has, and what it waits for.
'use strict';

const { delimiter, dirname } = require('node:path');
const { createInterface } = require('node:readline');
const { findNpm } = require('./find-npm.cjs');
const { failureOf, trouble } = require('./npm-says.cjs');
const { openProgress } = require('./progress.cjs');
const { runInFront } = require('./run-in-front.cjs');

/** npm ends at once when it gets a signal. After this time it is killed. */
const NPM_KILL_AFTER_MS = 3_000;
/** A long failure is cut to its last lines. */
const ERROR_LINES_MAX = 12;

/**
 * The lock decides what is installed, and not the npm settings of this machine. A user who leaves out packages for
 * development still needs the bundler. No package of the lock needs its install script.
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
 * Installs with npm. Which packages npm installs depends on the Node that runs it.
 *
 * @param {string} root folder of package.json
 * @param {string} node runs npm
 * @returns {Promise<{failure: string | null, signal: string | null, error: Error | null}>} `failure` is a sentence.
 *   `signal` ended the install because this process received it. `error`: npm was not started.
 */
async function install(root, node) {
  const npm = findNpm(process.env, node);
  if (npm === null) return ended('npm must install the packages of Docket, and is not on PATH.');
  const progress = openProgress(process.stderr);
  const errors = [];
  const outcome = await runInFront(npm.program, [...npm.args, ...NPM_CI, `--prefix=${root}`], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    // An npm that is no script finds its Node on this PATH.
    env: { ...process.env, PATH: [dirname(node), process.env.PATH ?? ''].join(delimiter) },
    killAfterMs: NPM_KILL_AFTER_MS,
    onSpawn: (child) =>
      createInterface({ input: child.stderr }).on('line', (line) => heed(line, progress, errors)),
  });
  progress.end(outcome.code === 0);
  if (outcome.asked !== null) return ended(null, outcome.asked);
  if (outcome.code === 0) return ended(null);
  for (const line of errors.slice(-ERROR_LINES_MAX)) console.error(line);
  return { ...ended(failureOf(outcome, errors)), error: outcome.error };
}

const ended = (failure, signal = null) => ({ failure, signal, error: null });

function heed(line, progress, errors) {
  if (/^npm (error|ERR!) /.test(line)) errors.push(line);
  else if (/^npm http (fetch|cache) .*\.tgz /.test(line)) progress.fetched();
  else if (trouble(line) !== null) progress.waits(trouble(line));
  else if (line.startsWith('npm http fetch ')) progress.lookedUp();
}

module.exports = { install };
