// Explains why an installed program cannot be started on this system.
'use strict';

/**
 * Returns a sentence for the user at the terminal. When a program exists and the system says "not found", its loader is
 * missing: the system has another C library.
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
