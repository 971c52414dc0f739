// Installs until everything is there. npm leaves out an optional package without a message when the Node that runs npm
// is older than the package requires. The parts of the bundler and of Postgres are such packages. They run on the
// installed Node, so this Node repeats the install
// (docs/adr/0092-an-install-is-whole-or-done-again-by-the-installed-node.md).
'use strict';

const { install } = require('./install.cjs');
const { installedNode, missingPackages, noteInstalled } = require('./installed.cjs');
const { whyNotStarted } = require('./why-not-started.cjs');

/** Number of missing packages that a message names. */
const NAMED_MAX = 3;

/**
 * Installs until all packages of the lock are there.
 * @param {string} root folder of package.json
 * @returns {Promise<{failure: string | null, signal: string | null}>} as `install`
 */
async function installWhole(root) {
  const first = await install(root, process.execPath);
  if (first.failure !== null || first.signal !== null) return first;
  const node = installedNode(root);
  if (node === null) return failed(BROKE_OFF);
  if (missingPackages(root).length > 0) {
    console.error(
      `Docket: npm leaves out packages that Node ${process.version} is too old for; installing again with the installed Node.`,
    );
    const second = await install(root, node);
    if (second.error !== null) return failed(whyNotStarted(node, second.error));
    if (second.failure !== null || second.signal !== null) return second;
  }
  const missing = missingPackages(root);
  if (missing.length > 0) return failed(leftOut(missing));
  noteInstalled(root);
  return first;
}

const failed = (failure) => ({ failure, signal: null });

const BROKE_OFF =
  'npm stopped without an error, as npm 10 does when the package registry does not answer: check the network and the proxy settings of npm, and try again.';

function leftOut(missing) {
  const named = missing.slice(0, NAMED_MAX).map((path) => path.replace(/^.*node_modules\//, ''));
  const more = missing.length > NAMED_MAX ? ` and ${missing.length - NAMED_MAX} more` : '';
  return `npm left out ${named.join(', ')}${more} and gave no reason: check the network and the settings of npm (\`npm config list\`), and try again.`;
}

module.exports = { installWhole };
