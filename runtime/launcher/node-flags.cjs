// Which flags of Node a program of this checkout runs with.
'use strict';

/**
 * A young generation of 32 to 64 MiB a half, where Node's own begins at 1 and ends at 16. A build of read tables makes millions
 * of rows that live for a moment. With room for them it takes a fifth less processor time (bench/README.md).
 */
const LARGE_YOUNG_GENERATION = ['--min-semi-space-size=32', '--max-semi-space-size=64'];
const BUILDING = ['build', 'rebuild'];

/**
 * @param {string[]} args the arguments for Node: flags, a file, its arguments
 * @returns {string[]} the flags that belong before them
 */
function nodeFlags(args) {
  const at = args.indexOf('cli/docket.ts');
  const isBuild = at >= 0 && args[at + 1] === 'projection' && BUILDING.includes(args[at + 2]);
  return isBuild ? LARGE_YOUNG_GENERATION : [];
}

module.exports = { nodeFlags };
