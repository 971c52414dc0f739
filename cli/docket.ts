#!/usr/bin/env node
import { helpOf, unknownOption } from './command-line.ts';
import { COMMANDS } from './commands.ts';

/** Errors whose message is written for the person at the terminal; every other one is a bug and shows its stack. */
const PLAIN_CODES = new Set([
  'ALREADY_RUNNING',
  'ARCHIVE_DAMAGED',
  'BACKUP_KEY_REFUSED',
  'BLOB_STORE_UNAVAILABLE',
  'BUNDLE_UNREADABLE',
  'CHILD_FAILED',
  'DATA_DIR_UNUSABLE',
  'EMBEDDED_POSTGRES_FAILED',
  'HISTORIES_DIFFER',
  'INTERRUPTED',
  'LOG_UNAVAILABLE',
  'NOT_FOUND',
  'NOT_RUNNING',
  'NOT_SEALED',
  'PORT_UNAVAILABLE',
  'QUERY_REFUSED',
  'READ_STORE_UNAVAILABLE',
  'SEAL_KEY_REFUSED',
  'SEAL_REFUSED',
  'SETTINGS_REFUSED',
  'REBUILD_RUNNING',
  'USAGE',
  'VERSION_REFUSED',
]);

async function main(argv: readonly string[]): Promise<number> {
  const [name = 'help', ...rest] = argv;
  const command = COMMANDS.find((known) => known.name === name);
  if (name === 'help' || name === '--help' || name === '-h') return help();
  if (!command) {
    console.error(`docket: there is no command '${name}'. \`docket help\` lists them.`);
    return 2;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    console.log(helpOf(command));
    return 0;
  }
  const unknown = unknownOption(command, rest);
  if (unknown !== null) {
    console.error(`docket: ${name} does not know ${unknown}. \`docket ${name} --help\` shows what it knows.`);
    return 2;
  }
  const { run } = await command.load();
  return run(rest);
}

function help(): number {
  const width = Math.max(...COMMANDS.map(({ usage }) => usage.length));
  console.log('docket <command>\n');
  for (const { usage, summary } of COMMANDS) console.log(`  ${usage.padEnd(width)}  ${summary}`);
  console.log('\n`docket <command> --help` shows an example.');
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const { code, message, exitCode, stack } = error as Error & { code?: string; exitCode?: number };
  console.error(PLAIN_CODES.has(code ?? '') ? `Docket: ${message}` : (stack ?? String(error)));
  process.exitCode = exitCode ?? 1;
}
