// Why a program that was installed cannot be started on this system.
'use strict';

/**
 * The sentence for the person at the terminal. A program that is there and yet "not found" lacks its loader: the C
 * library of this system is another one.
 *
 * @param {string} node path of the installed Node
 * @param {Error & {code?: string}} error that of `spawn`
 */
function whyNotStarted(node, error) {
  if (error.code === 'ENOENT' && process.platform === 'linux')
    return `the Node it runs on (${node}) needs a Linux with glibc, such as Debian, Ubuntu or Fedora; this one has another C library.`;

  return `the Node it runs on (${node}) cannot be started: ${error.message}.`;
}

module.exports = { whyNotStarted };
