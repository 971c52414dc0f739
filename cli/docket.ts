#!/usr/bin/env node
import { readSecretFiles } from '../runtime/settings/secret-files.ts';
import { helpOf, unknownOption } from './commands/command-line.ts';
import { COMMANDS } from './commands/commands.ts';
import { shieldFromShell } from './shell-variables.ts';

/**
 * Codes of errors whose message is written for the user at the terminal. Every other error is a defect and shows its
 * stack.
 */
const PLAIN_CODES = new Set([
  'ALREADY_RUNNING',
  'ARCHIVE_DAMAGED',
  'BACKUP_KEY_REFUSED',
  'BLOB_STORE_UNAVAILABLE',
  'BUNDLE_UNREADABLE',
  'CANNOT_BE_READY',
  'CHILD_FAILED',
  'DATA_DIR_UNUSABLE',
  'DOCUMENT_REFUSED',
  'EMBEDDED_POSTGRES_FAILED',
  'FOLDER_UNUSABLE',
  'GATEWAY_FAILED',
  'HISTORIES_DIFFER',
  'INTERRUPTED',
  'LOG_UNAVAILABLE',
  'MAPPING_NOT_SCORED',
  'NOT_FOUND',
  'NOT_RUNNING',
  'NOT_SEALED',
  'PORT_UNAVAILABLE',
  'QUERY_REFUSED',
  'READ_STORE_UNAVAILABLE',
  'SEAL_KEY_REFUSED',
  'SEAL_REFUSED',
  'SERVER_UNUSABLE',
  'SETTINGS_REFUSED',
  'STORE_REFUSED',
  'REBUILD_BEHIND',
  'REBUILD_RUNNING',
  'USAGE',
  'VERSION_REFUSED',
]);

async function main(argv: readonly string[]): Promise<number> {
  const [name = 'help', ...rest] = argv;
  const command = COMMANDS.find((known) => known.name === name);
  if (name === 'help' || name === '--help' || name === '-h') return help();
  if (!command) return refuse(rest, `there is no command '${name}'. \`docket help\` lists them.`);
  if (rest.includes('--help') || rest.includes('-h')) {
    console.log(helpOf(command));
    return 0;
  }
  const unknown = unknownOption(command, rest);
  if (unknown !== null)
    return refuse(rest, `${name} has no option ${unknown}. \`docket ${name} --help\` lists its options.`);
  const { run } = await command.load();
  return run(rest);
}

function refuse(argv: readonly string[], sentence: string): number {
  console.error(`docket: ${sentence}`);
  sayInJson(argv, 'USAGE', sentence);
  return 2;
}

/** With `--json` a failure is JSON too: one value on standard output, and the sentence on standard error. */
function sayInJson(argv: readonly string[], code: string, message: string): void {
  if (argv.includes('--json')) console.log(JSON.stringify({ error: { code, message } }));
}

function help(): number {
  const width = Math.max(...COMMANDS.map(({ usage }) => usage.length));
  console.log('docket <command>\n');
  for (const { usage, summary } of COMMANDS) console.log(`  ${usage.padEnd(width)}  ${summary}`);
  console.log('\n`docket <command> --help` shows an example.');
  return 0;
}

try {
  readSecretFiles(process.env);
  for (const sentence of shieldFromShell(process.env)) console.error(`Docket: ${sentence}`);
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const { code, message, exitCode, stack } = error as Error & { code?: string; exitCode?: number };
  console.error(PLAIN_CODES.has(code ?? '') ? `Docket: ${message}` : (stack ?? String(error)));
  sayInJson(process.argv, code ?? 'FAILED', message);
  process.exitCode = exitCode ?? 1;
}
