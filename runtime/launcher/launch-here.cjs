// The steps of a launch: install what is missing, then run the program in the foreground.
'use strict';

const { join } = require('node:path');
const { callersEnvironment } = require('./callers-environment.cjs');
const { exitAs, runInFront } = require('./run-in-front.cjs');
const { installWhole } = require('./install-whole.cjs');
const { installedNode, installState } = require('./installed.cjs');
const { nodeFlags } = require('./node-flags.cjs');
const { whyNotStarted } = require('./why-not-started.cjs');

const ROOT = join(__dirname, '..', '..');

/** The programs that run without the packages for development. */
const PRODUCTION_PROGRAM = 'cli/docket.ts';

/** @param {string[]} args the arguments for Node: flags, a file, its arguments */
async function launch(args) {
  if (args.length === 0)
    return refuse('name a file to run: `node runtime/launcher/launch.cjs cli/docket.ts help`.');
  // Node refuses to import a module whose path has a backslash (ERR_INVALID_MODULE_SPECIFIER), on every system.
  if (ROOT.includes('\\'))
    return refuse(
      `the path ${ROOT} has a backslash, and Node runs no modules from such a path. Move the folder to another path.`,
    );

  const state = installState(ROOT);
  if (needsInstall(state, args)) {
    if (!state.writable)
      return refuse(
        `${join(ROOT, 'node_modules')} does not have the packages of package-lock.json, and this user may not write there. Run \`npm ci\` as its owner.`,
      );

    const outcome = await installWhole(ROOT);
    if (outcome.signal !== null) return exitAs(outcome);
    if (outcome.failure !== null) return refuse(outcome.failure);
  }
  const node = installedNode(ROOT);
  const ended = await runInFront(node, [...nodeFlags(args), ...args], {
    stdio: 'inherit',
    env: callersEnvironment(process.env),
  });
  if (ended.error !== null) return refuse(whyNotStarted(node, ended.error));
  exitAs(ended);
}

function needsInstall(state, args) {
  if (state.everything) return false;
  return !(state.production && !state.writable && args.includes(PRODUCTION_PROGRAM));
}

function refuse(sentence) {
  console.error(`Docket: ${sentence}`);
  process.exitCode = 1;
}

module.exports = { launch };
