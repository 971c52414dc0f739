import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EventStoreDBClient } from '@eventstore/db-client';
import pg from 'pg';
import { expectThat } from '../drills/claims.ts';
import { runDocket } from '../harness/run-docket.ts';
import type { OwnTarget, Targets } from './targets.ts';

const ANSWER_MS_MAX = 10_000;
const LOGINS = ['admin:changeit', 'ops:changeit', 'admin:admin', 'docket:docket', 'docket:changeit'];
const PASSWORDS = ['', 'postgres', 'docket', 'changeit', 'docket-inside-this-network-only'];
const SECRET = 'f3c1a94be07d52688f0b31d7ca5e9246';

/** The stores of an instance refuse what everybody knows, and production refuses to start with it. */
export async function defaultPasswords(targets: Targets): Promise<string> {
  const target = await targets.own();
  const { eventStoreUrl, databaseUrl } = await connectionsOf(target);
  for (const login of ['', ...LOGINS]) {
    const why = await refusalOf(() => readLog(withLogin(eventStoreUrl, login)));
    expectThat(why !== null, `the event store refuses ${login || 'nobody in particular'}`);
  }
  const isOpen = await refusalOf(() => readLog(eventStoreUrl));
  expectThat(isOpen === null, 'the same attempt with the right password reads the log', isOpen);
  for (const user of ['postgres', 'docket', 'docket_owner', new URL(databaseUrl).username])
    for (const password of PASSWORDS) {
      const url = new URL(databaseUrl);
      url.username = user;
      url.password = password;
      const why = await refusalOf(() => askPostgres(url.href));
      expectThat(why !== null, `Postgres refuses ${user} with ${password || 'no password'}`);
    }
  const isAnswered = await refusalOf(() => askPostgres(databaseUrl));
  expectThat(isAnswered === null, 'the same attempt with the right password is answered', isAnswered);
  const refused = await refusedStarts();
  return `${LOGINS.length + 1} logins of the event store and ${4 * PASSWORDS.length} of Postgres refused; production refuses to start with ${refused.join(', ')}`;
}

async function connectionsOf({
  installation,
}: OwnTarget): Promise<{ eventStoreUrl: string; databaseUrl: string }> {
  const noted = JSON.parse(await readFile(join(installation.dataDir, 'connections.json'), 'utf8')) as {
    EVENTSTORE_URL: string;
    DATABASE_URL: string;
  };
  return { eventStoreUrl: noted.EVENTSTORE_URL, databaseUrl: noted.DATABASE_URL };
}

function withLogin(url: string, login: string): string {
  return url.replace(/^esdb:\/\/(?:[^@/]*@)?/, login === '' ? 'esdb://' : `esdb://${login}@`);
}

async function refusalOf(attempt: () => Promise<unknown>): Promise<string | null> {
  try {
    await attempt();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

async function readLog(url: string): Promise<void> {
  const client = EventStoreDBClient.connectionString(url);
  try {
    for await (const _event of client.readAll({ deadline: ANSWER_MS_MAX, maxCount: 1 }));
  } finally {
    await client.dispose();
  }
}

async function askPostgres(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: ANSWER_MS_MAX });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
  } finally {
    await client.end();
  }
}

/** Starts in production whose settings hold a password that stands in a manual or in this repository. */
async function refusedStarts(): Promise<string[]> {
  const settings: Readonly<Record<string, string>> = {
    EVENTSTORE_URL: 'esdb://admin:changeit@eventstore:2113',
    DATABASE_URL: 'postgres://postgres:postgres@postgres/docket',
    SESSION_SECRET: 'a'.repeat(64),
  };
  for (const [name, value] of Object.entries(settings)) {
    const env = {
      NODE_ENV: 'production',
      SESSION_SECRET: SECRET,
      PUBLIC_URL: 'https://docket.example',
      [name]: value,
    };
    const { code, stderr } = await runDocket(['serve', 'query-api'], env);
    expectThat(
      code !== 0 && stderr.includes(name),
      `${name} ends the start, and is named`,
      stderr.slice(0, 300),
    );
  }
  return Object.keys(settings);
}
