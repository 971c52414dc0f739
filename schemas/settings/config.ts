import { z } from 'zod';
import { faultOfDatabaseUrl } from './database-url.ts';
import { readEventStoreUrl } from './event-store-url.ts';

const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
const url = z.url();
/** An address with one of these schemes. The error message never shows a password. */
const urlOf = (...schemes: readonly string[]) =>
  z.string().superRefine((text, context) => {
    const found = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1];
    const takes = schemes.map((scheme) => `${scheme}://`).join(' or ');
    const message = !schemes.includes(found?.toLowerCase() ?? '')
      ? `must begin with ${takes}${found === undefined ? '' : `, not with ${found}:`}; unset it for what Docket brings itself`
      : schemes.includes('postgres')
        ? faultOfDatabaseUrl(text)
        : URL.canParse(text)
          ? null
          : `cannot be read as an address that begins with ${takes}`;
    if (message !== null) context.addIssue({ code: 'custom', message });
  });
const postgresUrl = urlOf('postgres', 'postgresql');

/**
 * Every setting, by the name of its environment variable. The description becomes the setting's line in README's
 * table, which `npm run docket -- settings --markdown` prints. The unit is the last word of the name.
 */
export const Settings = z.object({
  NODE_ENV: z
    .enum(['development', 'test', 'production'])
    .default('development')
    .describe('`production` requires `SESSION_SECRET` and refuses test hooks'),
  PORT: whole(0, 65535).default(8080).describe('Port of the web app and both APIs'),
  HOST: z
    .string()
    // Brackets surround an IPv6 address only in a URL.
    .transform((host) => host.replace(/^\[(.*)\]$/, '$1'))
    .default('127.0.0.1')
    .describe('Address or name of this machine to listen on; `0.0.0.0` or `::` means every address'),
  HEALTH_CHECK_PORT: whole(0, 65535)
    .default(3001)
    .describe(
      'Port of `/health`, `/ready` and `/metrics`, separate from the public one; unset: 3001, or a free port when `npm start` finds 3001 taken',
    ),
  HEALTH_CHECK_HOST: z.string().default('127.0.0.1').describe('Address that the health port listens on'),
  PUBLIC_URL: url
    .optional()
    .describe(
      'Address that people open, when it is not `http://HOST:PORT`; browsers may write only from its origin',
    ),
  DATA_DIR: z.string().default('./.docket').describe('Folder of all files that Docket keeps on this machine'),
  WEB_DIR: z.string().optional().describe('Folder of the built web app; unset: `web/dist` of this checkout'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Lowest level of the log lines that Docket writes'),
  SESSION_SECRET: z
    .string()
    .min(32)
    .optional()
    .describe(
      'Key that signs session cookies, 32 characters or more (to rotate: several, newest first, separated by commas); unset: Docket makes one and keeps it in `DATA_DIR`',
    ),
  TRUST_PROXY: z
    .string()
    .optional()
    .describe(
      'Reverse proxies whose X-Forwarded-For, -Proto, -Host and Forwarded headers Docket trusts: addresses and ranges with commas between (`loopback`, `10.0.0.0/8`)',
    ),
  OPS_ACCESS: z
    .string()
    .min(1)
    .default('loopback')
    .describe(
      'Who may use the console and act on everyone’s jobs: `loopback`, everybody on this machine; addresses and ranges with commas between (`10.1.0.0/16`), everybody who connects from there; `open`, everybody who reaches the address; `off`, nobody',
    ),

  EVENTSTORE_URL: z
    .string()
    .superRefine((text, context) => {
      const read = readEventStoreUrl(text);
      if ('faults' in read) for (const message of read.faults) context.addIssue({ code: 'custom', message });
    })
    .optional()
    .describe(
      'Connection string of EventStoreDB or KurrentDB (`esdb://...`); unset: the embedded event store',
    ),
  EVENTSTORE_TIMEOUT_MS: whole(100, 60_000)
    .default(5_000)
    .describe('Longest wait for one answer of the event store'),
  EVENTSTORE_TRANSPORT: z
    .enum(['auto', 'client'])
    .default('auto')
    .describe(
      'Transport of every call to the event store: `auto`, Docket’s own where `EVENTSTORE_URL` names one server, and `@eventstore/db-client` for a cluster; `client`, always `@eventstore/db-client`',
    ),
  SCAVENGE_EVERY_HOURS: whole(0, 8_760)
    .default(24)
    .describe(
      'Hours between two scavenges of the embedded event store, which free the space of events that limits and deletions hide; 0: never',
    ),
  DATABASE_URL: postgresUrl
    .optional()
    .describe('Connection string of Postgres, 15 or newer and UTF8; unset: the embedded Postgres'),
  ANALYTICS_DATABASE_URL: postgresUrl
    .optional()
    .describe(
      'Connection string of the analysts’ role for `docket query`; unset: that of the embedded Postgres, else role `docket_analyst` without a password',
    ),
  DATABASE_POOL_MAX: whole(2, 100).default(10).describe('Connections to Postgres a service may hold'),
  DATABASE_TIMEOUT_MS: whole(100, 60_000).default(5_000).describe('Longest wait for one query'),
  GATEWAY_URL: urlOf('http', 'https')
    .optional()
    .describe('Address of the conversion gateway; unset: one is started on this machine'),
  GATEWAY_TOKEN: z
    .string()
    .min(16)
    .optional()
    .describe(
      'Token that the gateway requires of its callers; unset: a gateway on this machine gets a new one at each start',
    ),
  GATEWAY_MAPPINGS: z
    .string()
    .optional()
    .describe(
      'Folder of the operator’s own mappings, `ID.json` each, beside the shipped ones; the gateway uses an edited file within seconds',
    ),
  GATEWAY_CHILDREN: whole(1, 64).default(2).describe('Child processes that convert, per gateway'),
  GATEWAY_OCR: z
    .enum(['on', 'off'])
    .default('on')
    .describe('Whether OCR reads pages without text; `off`: a scan fails with `NO_TEXT`'),
  EN16931_STYLESHEET: z
    .string()
    .optional()
    .describe(
      'Compiled stylesheet (`.sef.json`) of the official EN 16931 rules for UBL, which `docket mapping test` then runs on each result; `saxon-js` must be installed in a folder above it',
    ),

  BLOB_STORE: z
    .enum(['filesystem', 's3'])
    .default('filesystem')
    .describe('Where Docket keeps PDFs and results'),
  BLOB_DIR: z
    .string()
    .optional()
    .describe('Folder of the filesystem blob store; unset: `blobs` in `DATA_DIR`'),
  S3_BUCKET: z.string().optional().describe('Bucket of the S3 blob store'),
  S3_ENDPOINT: url.optional().describe('Address of an S3-compatible store; unset: AWS'),
  S3_REGION: z.string().default('us-east-1').describe('Region of the bucket'),
  S3_FORCE_PATH_STYLE: flag.default(false).describe('`true` for stores that expect the bucket in the path'),
  S3_SERVER_SIDE_ENCRYPTION: z
    .enum(['none', 'AES256', 'aws:kms'])
    .default('none')
    .describe('Encryption at rest that Docket requests of the store'),
  AWS_ACCESS_KEY_ID: z
    .string()
    .optional()
    .describe(
      'Key of the S3 blob store; unset: what the AWS client finds (shared files, role of the instance)',
    ),
  AWS_SECRET_ACCESS_KEY: z.string().optional().describe('Secret of `AWS_ACCESS_KEY_ID`'),
  AWS_SESSION_TOKEN: z.string().optional().describe('Session token of a temporary key'),

  MAX_UPLOAD_MB: whole(1, 2048).default(50).describe('Largest PDF, in MiB'),
  MAX_FILES_PER_REQUEST: whole(1, 200).default(40).describe('Most files in one upload request'),
  OWNER_STORAGE_MB: whole(1, 1_000_000_000)
    .optional()
    .describe(
      'Space for the PDFs and results of one owner, in MiB; Docket refuses an upload beyond it with 507; unset: no limit',
    ),
  STRICT_PDF_HEADER: flag.default(true).describe('`false` accepts `%PDF-` anywhere in the first 1,024 bytes'),
  DEFAULT_MAPPING: z.string().default('pt_simon_invoice_v1').describe('Mapping of an upload that names none'),
  RATE_PROFILE: z
    .enum(['normal', 'strict'])
    .default('normal')
    .describe(
      'Defaults of the limits: `strict`, for unknown callers, allows 100 requests a minute and 10 uploads an hour; the setting of a single limit overrides it',
    ),
  RATE_LIMIT_STORE: z
    .enum(['memory', 'postgres'])
    .default('memory')
    .describe('`postgres` counts for all processes together, for an installation with several'),
  REQUEST_RATE_PER_MINUTE: whole(1, 10_000_000)
    .default(6_000)
    .describe('Requests in a minute, counted for each address and for each owner'),
  UPLOAD_RATE_PER_MINUTE: whole(1, 1_000_000).default(600).describe('Files an owner may upload in a minute'),
  UPLOAD_RATE_PER_HOUR: whole(1, 10_000_000)
    .optional()
    .describe('Files an owner may upload in an hour; unset: only the limit of the minute'),
  SOCKETS_PER_ADDRESS_MAX: whole(1, 100_000)
    .default(50)
    .describe('Live sockets that one address may hold open at one query-api'),
  UPLOADS_IN_FLIGHT_MAX: whole(1, 10_000)
    .default(64)
    .describe('Uploads that one command-api receives at the same time'),
  UPLOAD_IDLE_TIMEOUT_MS: whole(100, 600_000)
    .default(10_000)
    .describe('Time after which Docket ends an upload that sends less than 1 KiB a second'),

  WORKER_CONCURRENCY: whole(1, 256).default(4).describe('Conversions at the same time, per processor'),
  CLAIM_AHEAD_MAX: whole(0, 256)
    .default(32)
    .describe(
      'Most jobs that a processor claims before a worker is free, while more jobs wait than it has workers; never more than it begins within 100 ms; 0: none',
    ),
  GATEWAY_TIMEOUT_MS: whole(10, 600_000)
    .default(30_000)
    .describe('Longest wait for one answer of the gateway'),
  WORKER_TIMEOUT_MS: whole(10, 1_200_000).default(60_000).describe('Longest attempt, storage included'),
  WORKER_LEASE_TTL_SEC: whole(1, 3_600).default(90).describe('How long a claim holds without an outcome'),
  JOB_TIMEOUT_SEC: whole(1, 86_400)
    .default(300)
    .describe('Time after the first attempt in which Docket may repeat a failed one'),
  RETRY_MAX_ATTEMPTS: whole(1, 20).default(3).describe('Most attempts for errors that a retry may solve'),
  RETRY_BACKOFF_MS: whole(1, 600_000)
    .default(5_000)
    .describe('First backoff; it doubles each time, with full jitter'),
  RETRY_BACKOFF_MAX_MS: whole(1, 3_600_000).default(60_000).describe('Longest backoff'),
  PROCESSOR_ID: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,80}$/)
    .optional()
    .describe(
      'Name of this processor, the same after a restart and used by no other processor; unset: the host name',
    ),
  PROCESSOR_BEAT_MS: whole(50, 60_000).default(2_000).describe('Interval of a processor’s heartbeats'),
  PROCESSOR_SILENT_MS: whole(100, 600_000)
    .default(10_000)
    .describe('Time without a heartbeat after which a processor loses its leases; longer while it is quiet'),
  BREAKER_OPEN_MODE: z
    .enum(['queue', 'fail_fast'])
    .default('queue')
    .describe('While the circuit breaker is open: jobs stay queued, or fail at once'),
  BREAKER_FAILURES: whole(1, 1_000)
    .default(5)
    .describe('Gateway failures within 10 s that open the circuit breaker'),
  BREAKER_RESET_MS: whole(10, 600_000)
    .default(10_000)
    .describe('How long the circuit breaker stays open before one probe'),
  GATEWAY_MAX_RATE: whole(1, 100_000)
    .optional()
    .describe('Most jobs a second, for all processors together; unset: no limit'),

  PDF_TTL_DAYS: whole(0, 36_500).default(7).describe('Days an uploaded PDF is kept'),
  XML_TTL_DAYS: whole(0, 36_500).default(30).describe('Days a result is kept'),
  DELETE_XML_ON_FIRST_DOWNLOAD: flag
    .default(false)
    .describe('`true` removes a result after its first complete download'),
  DISK_WARN_PERCENT: whole(1, 100).default(80).describe('Disk use at which Docket warns'),
  DISK_REFUSE_PERCENT: whole(1, 100)
    .default(90)
    .describe('Disk use at which Docket refuses uploads with 507'),

  SEAL_EVERY_HOURS: whole(0, 8_760).default(24).describe('Hours between two seals of the log; 0: never'),
  SEAL_KEY_FILE: z
    .string()
    .optional()
    .describe(
      'Ed25519 private key (PEM) that signs seals; unset: Docket makes one and keeps it in `DATA_DIR`',
    ),

  BACKUP_KEY_FILE: z
    .string()
    .optional()
    .describe('File with the key that encrypts backups: 32 random bytes or more'),
  BACKUP_PASSPHRASE: z
    .string()
    .min(12)
    .optional()
    .describe('Passphrase that encrypts backups when there is no key file; 12 characters or more'),

  SHUTDOWN_GRACE_MS: whole(100, 120_000)
    .default(25_000)
    .describe('Longest wait after SIGTERM for running work to finish'),
});

export type Settings = z.infer<typeof Settings>;
export type SettingName = keyof Settings;

/** Settings that Docket never prints or logs. A file may hold the value of each: `secretFileVariable`. */
export const SECRET_SETTINGS: readonly SettingName[] = [
  'SESSION_SECRET',
  'BACKUP_PASSPHRASE',
  'GATEWAY_TOKEN',
  'DATABASE_URL',
  'ANALYTICS_DATABASE_URL',
  'EVENTSTORE_URL',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
];

/** The variable that names a file with the value of a secret setting, such as `SESSION_SECRET_FILE`. */
export function secretFileVariable(name: SettingName): string {
  return `${name}_FILE`;
}
