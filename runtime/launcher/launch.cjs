// Runs a program of this checkout with the Node that the checkout installs, and installs first when something is
// missing: `node runtime/launcher/launch.cjs [flags of Node] <file> [arguments]`. Every script of package.json uses it.
// Any Node may run it, so it is plain JavaScript with built-in modules only. It uses neither PATH nor
// `node_modules/.bin` (docs/adr/0090-the-launcher-finds-node-by-its-package.md).
'use strict';

const { obstacle } = require('./can-run-here.cjs');

const sentence = obstacle(process);
if (sentence !== null) {
  console.error('Docket: ' + sentence);
  process.exit(1);
}

// Loaded only now, because these files may use features that the check above requires of Node.
require('./launch-here.cjs').launch(process.argv.slice(2));
