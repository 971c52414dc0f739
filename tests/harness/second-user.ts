/**
 * Another user of this machine, who tries every door of a running Docket: a process that root starts and that gives up
 * root's rights for good before its first attempt. It is told over IPC what a stranger can find out anyway (addresses,
 * process ids, paths) and answers what each attempt came to.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { connect } from 'node:tls';
import { EventStoreDBClient, jsonEvent, START } from '@eventstore/db-client';
import pg from 'pg';

/** This user owns nothing on any machine, and has no line in /etc/passwd. */
export const SECOND_USER_ID = 12_345;
const TIMEOUT_MS = 10_000;

/** The facts that the second user gets. */
export interface Doors {
  readonly paths: readonly string[];
  readonly folders: readonly string[];
  readonly pids: readonly number[];
  readonly postgres: readonly string[];
  /** Port of the event store. */
  readonly eventStore: number;
  /** `user:password@`, or nothing. */
  readonly logins: readonly string[];
  readonly gateway: readonly string[];
  /** An existing stream. */
  readonly stream: string;
}

/** The result of each attempt: the reason why it failed, or `OPEN` and the answer when it succeeded. */
export type Outcomes = Readonly<Record<string, string>>;

export const OPEN = 'OPEN';

async function outcome(attempt: () => unknown): Promise<string> {
  try {
    const got: unknown = await attempt();
    return `${OPEN}: ${String(got).slice(0, 80)}`;
  } catch (error) {
    // The client of the event store names its own errors by `type`, and passes other errors on with gRPC's code.
    const { code, type, message } = error as NodeJS.ErrnoException & { type?: string };
    return `${type ?? code ?? 'refused'}: ${message}`;
  }
}

function* attemptsOnFiles({ paths, folders, pids }: Doors): Iterable<[string, () => unknown]> {
  for (const path of paths) {
    yield [`read ${path}`, () => readFileSync(path)];
    yield [`write ${path}`, () => writeFileSync(path, '', { flag: 'r+' })];
  }
  for (const folder of folders) {
    yield [`list ${folder}`, () => readdirSync(folder)];
    yield [`make a file in ${folder}`, () => writeFileSync(join(folder, 'of-the-second-user'), '')];
  }
  for (const pid of pids) {
    yield [`environment of ${pid}`, () => readFileSync(`/proc/${pid}/environ`)];
    yield [`memory of ${pid}`, () => readFileSync(`/proc/${pid}/mem`)];
    yield [`open files of ${pid}`, () => readdirSync(`/proc/${pid}/fd`)];
    yield [`folder of ${pid}`, () => readdirSync(`/proc/${pid}/cwd/`)];
    yield [`signal to ${pid}`, () => process.kill(pid, 0)];
  }
}

async function askPostgres(connectionString: string): Promise<unknown> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: TIMEOUT_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query('select current_user')).rows;
  } finally {
    await client.end();
  }
}

function* attemptsOnLog(connectionString: string, stream: string): Iterable<[string, () => unknown]> {
  const using = async (work: (client: EventStoreDBClient) => Promise<unknown>): Promise<unknown> => {
    const client = EventStoreDBClient.connectionString(connectionString);
    try {
      return await work(client);
    } finally {
      await client.dispose();
    }
  };
  const all = async (events: AsyncIterable<unknown>): Promise<number> => {
    let read = 0;
    for await (const _event of events) read += 1;
    return read;
  };
  const settings = { deadline: TIMEOUT_MS };
  const forged = jsonEvent({ type: 'DocumentUploaded', data: { v: 1 } });
  yield [
    'read',
    () => using((client) => all(client.readStream(stream, { ...settings, fromRevision: START }))),
  ];
  yield ['read all', () => using((client) => all(client.readAll({ ...settings, maxCount: 1 })))];
  yield ['append', () => using((client) => client.appendToStream(stream, forged, settings))];
  yield ['delete', () => using((client) => client.deleteStream(stream, settings))];
  yield ['tombstone', () => using((client) => client.tombstoneStream(stream, settings))];
}

/** The certificate that the server shows to everybody, in a file of the second user, so that its client trusts it. */
function shownCertificate(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: 'localhost', port, rejectUnauthorized: false, timeout: TIMEOUT_MS });
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      const base64 = socket.getPeerCertificate().raw.toString('base64');
      socket.destroy();
      const file = join(mkdtempSync(join(tmpdir(), 'docket-second-user-')), 'shown.pem');
      writeFileSync(
        file,
        `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`,
      );
      resolve(file);
    });
  });
}

async function tryLog({ eventStore, logins, stream }: Doors): Promise<Outcomes> {
  const outcomes: Record<string, string> = {};
  const file = await shownCertificate(eventStore);
  for (const options of ['tls=false', `tls=true&tlsCAFile=${encodeURIComponent(file)}`])
    for (const login of logins)
      for (const [name, attempt] of attemptsOnLog(
        `esdb://${login}localhost:${eventStore}?${options}`,
        stream,
      ))
        outcomes[`event store ${options.slice(0, 8)} ${login} ${name}`] = await outcome(attempt);
  rmSync(dirname(file), { recursive: true });
  return outcomes;
}

async function askGateway(address: string, headers: Record<string, string>): Promise<unknown> {
  const answer = await fetch(address, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (answer.ok) return answer.text();
  throw new Error(String(answer.status));
}

async function tryAll(doors: Doors): Promise<Outcomes> {
  const outcomes: Record<string, string> = { 'become root again': await outcome(() => process.setuid?.(0)) };
  for (const [name, attempt] of attemptsOnFiles(doors)) outcomes[name] = await outcome(attempt);
  for (const url of doors.postgres) outcomes[`Postgres ${url}`] = await outcome(() => askPostgres(url));
  Object.assign(outcomes, await tryLog(doors));
  for (const address of doors.gateway) {
    outcomes[`gateway ${address}`] = await outcome(() => askGateway(address, {}));
    const guessed = { authorization: 'Bearer docket' };
    outcomes[`gateway ${address} with a guess`] = await outcome(() => askGateway(address, guessed));
  }
  return outcomes;
}

if (import.meta.main) {
  // All code is loaded at this point, so a checkout below /root works as well.
  process.setgroups?.([]);
  process.setgid?.(SECOND_USER_ID);
  process.setuid?.(SECOND_USER_ID);
  process.once('message', (doors: Doors) => {
    void tryAll(doors).then((outcomes) => process.send?.(outcomes, () => process.disconnect()));
  });
  process.send?.('ready');
}
