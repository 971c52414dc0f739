/** Variables that people have in their shells for other programs, and settings that cannot be (M2, M3, M4, M6, M12, M13). */
import { randomBytes } from 'node:crypto';
import type { Condition } from './condition.ts';
import { isRefused, works } from './works.ts';

/** Nobody listens there. */
const CLOSED = '127.0.0.1:9';

const PROXIES = Object.fromEntries(
  ['http_proxy', 'https_proxy', 'all_proxy'].flatMap((name) => [
    [name, `http://${CLOSED}`],
    [name.toUpperCase(), `http://${CLOSED}`],
  ]),
);

/** Tried with every change; the others differ from these in a word. */
const CHEAP = /^(M2-node|M3-all-ipv4|M4-mysql|M6-ssl|M12-host|M13-production)$/;

const worksWith = (id: string, what: string, env: Readonly<Record<string, string>>): Condition => ({
  id,
  what,
  cheap: CHEAP.test(id),
  run: async (machine) => {
    await works(machine, { checkout: await machine.installedCheckout(), env });
  },
});

const refusedWith = (
  id: string,
  what: string,
  refusal: { env: Readonly<Record<string, string>>; cause: RegExp },
): Condition => ({
  id,
  what,
  cheap: CHEAP.test(id),
  run: async (machine) =>
    isRefused(machine, { checkout: await machine.installedCheckout(), env: refusal.env }, refusal.cause),
});

export const variables: readonly Condition[] = [
  worksWith('M2-proxy', 'a proxy in the shell that does not answer', PROXIES),
  worksWith('M2-no-proxy', 'the same with `no_proxy`', {
    ...PROXIES,
    no_proxy: 'localhost',
    NO_PROXY: 'localhost',
  }),
  worksWith('M2-node', 'the same with NODE_USE_ENV_PROXY=1', { ...PROXIES, NODE_USE_ENV_PROXY: '1' }),
  worksWith('M3-all-ipv4', 'HOST=0.0.0.0: each printed address works', { HOST: '0.0.0.0' }),
  worksWith('M3-all-ipv6', 'HOST=::', { HOST: '::' }),
  worksWith('M3-ipv6', 'HOST=::1', { HOST: '::1' }),
  refusedWith('M4-mysql', 'DATABASE_URL of another kind of database', {
    env: { DATABASE_URL: 'mysql://root@db.example:3306/shop' },
    cause: /DATABASE_URL/,
  }),
  refusedWith('M4-file', 'DATABASE_URL of a file', {
    env: { DATABASE_URL: 'file:./dev.db' },
    cause: /DATABASE_URL/,
  }),
  {
    id: 'M4-closed',
    what: 'DATABASE_URL of a Postgres that is not there: the start waits, says so, and stops when it is asked',
    cheap: true,
    run: async (machine) => {
      const env = { DATABASE_URL: `postgres://me@${CLOSED}/shop` };
      const started = await machine.start({ checkout: await machine.installedCheckout(), env });
      await started.says(/Docket waits for the Postgres at 127\.0\.0\.1:9\/shop since .*nobody listens/);
      await started.stop();
    },
  },
  worksWith('M6-ssl', 'PGSSLMODE=require', { PGSSLMODE: 'require' }),
  worksWith('M6-server', 'PGHOST, PGPORT, PGUSER and the like of another Postgres', {
    PGHOST: 'db.example',
    PGPORT: '1',
    PGUSER: 'me',
    PGPASSWORD: 'secret',
    PGDATABASE: 'shop',
    PGDATA: '/nowhere',
    PGSERVICE: 'other',
    PGSSLROOTCERT: '/nowhere',
    PGSSLMODE: 'prefer',
    PGTZ: 'Mars',
  }),
  refusedWith('M12-host', 'a HOST that is no address of this machine', {
    env: { HOST: '192.0.2.1' },
    cause: /HOST|192\.0\.2\.1/,
  }),
  refusedWith('M12-host-name', 'a HOST that no name server knows', {
    env: { HOST: 'no-such-host.invalid' },
    cause: /HOST|no-such-host/,
  }),
  worksWith('M13-options', 'PGOPTIONS that make every transaction read-only', {
    PGOPTIONS: '-c default_transaction_read_only=on',
  }),
  refusedWith('M13-production', 'NODE_ENV=production alone: the sentence names NODE_ENV', {
    env: { NODE_ENV: 'production' },
    cause: /SESSION_SECRET.*NODE_ENV|NODE_ENV.*SESSION_SECRET/,
  }),
  {
    id: 'M13-production-whole',
    what: 'NODE_ENV=production with a secret and without the console',
    run: async (machine) => {
      const secret = randomBytes(32).toString('hex');
      const env = { NODE_ENV: 'production', SESSION_SECRET: secret, OPS_ACCESS: 'off' };
      await works(machine, { checkout: await machine.installedCheckout(), env });
    },
  },
];
