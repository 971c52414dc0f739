// Run inside a container, by its own Node: looks for secrets in what a process there can read. Standard input
// is {name: value}; it prints a JSON list of `name in place`.
const { closeSync, lstatSync, openSync, readdirSync, readFileSync, readSync } = require('node:fs');
const { join } = require('node:path');

/** What may be read of one file at a time; overlapping pieces, so that nothing hides at a seam. */
const PIECE_BYTES = 1024 * 1024;
/** Pseudo files that are no memory of a process and may never end. */
const SKIPPED = new Set(['/proc', '/sys', '/dev']);

const secrets = JSON.parse(readFileSync(0, 'utf8'));
const found = new Set();

function search(place, bytes) {
  for (const [name, value] of Object.entries(secrets))
    if (bytes.includes(value)) found.add(`${name} in ${place}`);
}

function searchFile(path) {
  let handle;
  try {
    handle = openSync(path, 'r');
  } catch {
    return; // What cannot be opened is not given away.
  }
  try {
    const piece = Buffer.alloc(PIECE_BYTES + 4096);
    for (let at = 0; ; at += PIECE_BYTES) {
      const length = readSync(handle, piece, 0, piece.length, at);
      if (length > 0) search(path, piece.subarray(0, length));
      if (length < piece.length) return;
    }
  } catch {
    return; // As above: reading was refused.
  } finally {
    closeSync(handle);
  }
}

function walk(folder) {
  let names;
  try {
    names = readdirSync(folder);
  } catch {
    return;
  }
  for (const name of names) {
    const path = join(folder, name);
    if (SKIPPED.has(path)) continue;
    const about = lstatSync(path, { throwIfNoEntry: false });
    if (about?.isDirectory()) walk(path);
    else if (about?.isFile()) searchFile(path);
  }
}

for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
  for (const name of ['environ', 'cmdline'])
    try {
      search(`/proc/${pid}/${name}`, readFileSync(`/proc/${pid}/${name}`));
    } catch {
      // A process of somebody else, or one that has ended.
    }

walk('/');
console.log(JSON.stringify([...found]));
