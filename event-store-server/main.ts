/**
 * Runs the embedded event store as its own process.
 *
 *   node event-store-server/main.ts --directory DIR [--port N] [--host H]
 *     [--certificate-file PEM --certificate-private-key-file PEM]   TLS
 *     [--users-file JSON]       requires a user of this list
 *     [--secret-file FILE]      requires the secret in this file as the name of the connection
 *     [--keep-streams PREFIX]   (repeatable) nobody deletes these streams
 *     [--like-eventstoredb [--hold-appends-ms N] [--not-ready-ms N]]   for tests: see service/likeness.ts
 *
 * EVENT_STORE_DIR, EVENT_STORE_PORT and EVENT_STORE_HOST can take the place of the first three. SCAVENGE_EVERY_HOURS
 * (24) has no option. When the store is ready, it prints one line on stdout: {"ready":true,"port":N}.
 *
 * Exit codes; for each but 0 the store prints one sentence on stderr:
 *
 *    0  stopped by SIGTERM, SIGINT or the end of its parent
 *    1  the disk failed, or the port is taken
 *    2  another process has the directory open
 *    3  the log is damaged
 *    4  the directory cannot be written, or the disk is full
 *    5  a file of TLS or of users cannot be used
 *   64  wrong arguments
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { AccessFileUnusable, readSecretFile, readUsersFile } from './access/users.ts';
import {
  DirectoryUnusable,
  DiskFull,
  isNoRoom,
  LogCorrupt,
  StoreLocked,
  systemCode,
} from './storage/storage-errors.ts';
import { DEFAULT_LIMITS } from './storage/store-limits.ts';
import type { Likeness } from './service/likeness.ts';
import {
  startEmbeddedEventStore,
  type EmbeddedEventStore,
  type EmbeddedEventStoreOptions,
} from './server.ts';
import { givenSetting } from '../runtime/settings/settings.ts';

/**
 * The interval at which the process checks whether its parent still runs, with EXIT_WITH_PARENT=1 and no channel to
 * the parent.
 */
const PARENT_CHECK_MS = 500;
/**
 * With `--like-eventstoredb` the store refuses work for this long after its start, as a store that is not ready.
 * `--not-ready-ms` changes the time.
 */
const NOT_READY_MS = 200;

// Only the user of this process may read the log, whatever the umask of its starter.
process.umask(0o077);

function fail(code: number, sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(code);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof StoreLocked) return 2;
  if (error instanceof LogCorrupt) return 3;
  if (error instanceof DirectoryUnusable || error instanceof DiskFull || isNoRoom(error)) return 4;
  if (error instanceof AccessFileUnusable) return 5;
  return ['EACCES', 'EPERM', 'EROFS'].includes(systemCode(error)) ? 4 : 1;
}

function failWith(error: unknown): never {
  fail(exitCodeOf(error), error instanceof Error ? error.message : String(error));
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        directory: { type: 'string' },
        port: { type: 'string' },
        host: { type: 'string' },
        'certificate-file': { type: 'string' },
        'certificate-private-key-file': { type: 'string' },
        'users-file': { type: 'string' },
        'secret-file': { type: 'string' },
        'keep-streams': { type: 'string', multiple: true },
        'like-eventstoredb': { type: 'boolean' },
        'hold-appends-ms': { type: 'string' },
        'not-ready-ms': { type: 'string' },
      },
    }).values;
  } catch (error) {
    return fail(64, error instanceof Error ? error.message : String(error));
  }
}

function readPem(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new AccessFileUnusable(file, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function tlsOf(values: ReturnType<typeof readArguments>): EmbeddedEventStoreOptions['tls'] {
  const certificateFile = values['certificate-file'];
  const privateKeyFile = values['certificate-private-key-file'];
  if (certificateFile === undefined && privateKeyFile === undefined) return null;
  if (certificateFile === undefined || privateKeyFile === undefined)
    return fail(64, 'TLS needs both --certificate-file and --certificate-private-key-file.');
  return { certificate: readPem(certificateFile), privateKey: readPem(privateKeyFile) };
}

function likenessOf(values: ReturnType<typeof readArguments>): Likeness | null {
  if (values['like-eventstoredb'] !== true) return null;
  const milliseconds = (option: 'hold-appends-ms' | 'not-ready-ms', otherwise: number): number => {
    const value = Number(values[option] ?? otherwise);
    return Number.isInteger(value) && value >= 0 ? value : fail(64, `--${option} takes milliseconds.`);
  };
  return {
    holdAppendsMs: milliseconds('hold-appends-ms', 0),
    notReadyMs: milliseconds('not-ready-ms', NOT_READY_MS),
  };
}

function readOptions(): EmbeddedEventStoreOptions {
  const values = readArguments();
  const directory = values.directory ?? process.env.EVENT_STORE_DIR ?? '';
  const port = Number(values.port ?? process.env.EVENT_STORE_PORT ?? 0);
  const host = values.host ?? process.env.EVENT_STORE_HOST ?? '127.0.0.1';
  if (directory === '')
    fail(64, 'Give the directory of the event store: --directory DIR or EVENT_STORE_DIR.');
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    fail(64, 'The port must be a number from 0 to 65535.');
  const usersFile = values['users-file'];
  const secretFile = values['secret-file'];
  const access = {
    users: usersFile === undefined ? null : readUsersFile(usersFile),
    secret: secretFile === undefined ? null : readSecretFile(secretFile),
    keptPrefixes: values['keep-streams'] ?? [],
  };
  const scavengeHours = Number(givenSetting('SCAVENGE_EVERY_HOURS', process.env) ?? 24);
  if (!Number.isInteger(scavengeHours) || scavengeHours < 0)
    fail(64, 'SCAVENGE_EVERY_HOURS must be a whole number of hours; 0 for never.');
  const scavengeEveryMs = scavengeHours * 3_600_000;
  return {
    directory,
    port,
    host,
    tls: tlsOf(values) ?? null,
    access,
    likeness: likenessOf(values),
    scavengeEveryMs,
  };
}

function stopOnRequest(store: EmbeddedEventStore): void {
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    // A client that keeps its connection open must not delay the end.
    setTimeout(() => process.exit(0), DEFAULT_LIMITS.shutdownMs).unref();
    store.close().then(() => process.exit(0), failWith);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (process.env.EXIT_WITH_PARENT !== '1' && process.channel === undefined) return;
  process.on('disconnect', stop);
  // With a channel, the event `disconnect` reports the end of the parent, so no timer is needed.
  if (process.channel !== undefined) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) stop();
  }, PARENT_CHECK_MS).unref();
}

try {
  const store = await startEmbeddedEventStore({ ...readOptions(), onFailed: failWith });
  stopOnRequest(store);
  process.stdout.write(`${JSON.stringify({ ready: true, port: store.port })}\n`);
} catch (error) {
  failWith(error);
}
