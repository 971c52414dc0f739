// Finds the cause in npm's messages and says it in one sentence.
'use strict';

/** Codes of npm, and what the user can do. The first code in npm's output decides. */
const CAUSES = [
  [/ENOSPC|EDQUOT/, 'the disk is full'],
  [/EROFS/, 'the file system is read-only'],
  [/EACCES|EPERM/, 'this user may not write to the folder or to the cache of npm'],
  [
    /E401|E403|ENEEDAUTH/,
    'the package registry refuses this user; look at the settings of npm (`npm config list`)',
  ],
  [
    /E404|ETARGET/,
    'the package registry that npm is set to does not have a package; look at `npm config list`',
  ],
  [/EINTEGRITY/, 'a package arrived damaged; try again, or run `npm cache clean --force` first'],
  [/ENOTCACHED/, 'npm is set to work offline, and its cache does not have every package'],
  [/EUSAGE/, 'package.json and package-lock.json do not belong together; the lines above say where'],
  [
    /SELF_SIGNED|CERT|UNABLE_TO_/,
    'the certificate of the package registry is not trusted; a proxy may stand between',
  ],
  [
    /ENOTFOUND|EAI_AGAIN/,
    'the name of the package registry is not known; check the network, and the proxy settings of npm',
  ],
  [
    /ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|EIDLETIMEOUT|ENETUNREACH|EHOSTUNREACH|network/,
    'the package registry does not answer; check the network, and the proxy settings of npm',
  ],
  [
    /Exit handler never called/,
    'npm stopped, as npm 10 does when the package registry does not answer; check the network',
  ],
  [/ENOMEM|heap out of memory|Cannot allocate memory/, 'there was not enough memory'],
];

/** The sentence for a failed install: what happened, and why. */
function failureOf({ code, signal, error }, errorLines) {
  const start = 'npm could not install the packages of Docket: ';
  if (error !== null) return `${start}npm itself cannot be started (${error.message}).`;
  if (signal !== null) return `${start}${howEnded(signal)}.`;
  const said = errorLines.join('\n');
  const named = /^npm (?:error|ERR!) code (\S+)/m.exec(said)?.[1];
  const cause =
    CAUSES.find(([pattern]) => pattern.test(named ?? said)) ?? CAUSES.find(([pattern]) => pattern.test(said));
  if (cause !== undefined) return `${start}${cause[1]}.`;
  return said === ''
    ? `${start}it ended with exit code ${code} and gave no reason.`
    : `${start}the lines above are its reason.`;
}

/** A process that crashes or is killed during an install has nearly always met a memory limit. */
function howEnded(signal) {
  return ['SIGSEGV', 'SIGABRT', 'SIGKILL', 'SIGTRAP', 'SIGILL', 'SIGBUS'].includes(signal)
    ? `${signal} ended npm, as happens to a process without enough memory (\`ulimit -v\`, a container's limit)`
    : `${signal} ended npm`;
}

/** What npm waits for while it repeats a failed request, as npm's own code; otherwise null. */
function trouble(line) {
  const failed = /attempt (\d+) failed with (\S+)/.exec(line);
  return failed === null ? null : `no answer from the package registry, ${failed[2]}; npm tries again`;
}

module.exports = { failureOf, trouble };
