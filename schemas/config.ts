import { z } from 'zod';
import { faultOfDatabaseUrl } from './database-url.ts';
import { readEventStoreUrl } from './event-store-url.ts';

const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
const url = z.url();
/** An address with one of these schemes; the message says what was found and never a password. */
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
 * Every setting, by the name of its environment variable. The description is the line of the README's table, which `npm
 * run docket -- settings --markdown` prints. The unit is the last word of the name.
 */
export const Settings = z.object({
  NODE_ENV: z
    .enum(['development', 'test', 'production'])
    .default('development')
    .describe('`production` requires `SESSION_SECRET` and refuses test hooks'),
  PORT: whole(0, 65535).default(8080).describe('Port of the web app and both APIs'),
  HOST: z
    .string()
    // Brackets belong to an address in a URL.
    .transform((host) => host.replace(/^\[(.*)\]$/, '$1'))
    .default('127.0.0.1')
    .describe('Address or name of this machine to listen on; `0.0.0.0` or `::` is every address'),
  HEALTH_CHECK_PORT: whole(0, 65535)
    .default(3001)
    .describe(
      'Port of `/health`, `/ready` and `/metrics`, apart from the public one; unset under `npm start`: a free one when 3001 is taken',
    ),
  HEALTH_CHECK_HOST: z.string().default('127.0.0.1').describe('Address that the health port listens on'),
  PUBLIC_URL: url
    .optional()
    .describe(
      'Address that people open, when it is not `http://HOST:PORT`; its origin is the only one browsers may write from',
    ),
  DATA_DIR: z
    .string()
    .default('./.docket')
    .describe('Folder for everything that Docket keeps on this machine'),
  WEB_DIR: z.string().optional().describe('Folder of the built web app; unset: `web/dist` of this checkout'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least severe log line that is written'),
  SESSION_SECRET: z
    .string()
    .min(32)
    .optional()
    .describe(
      'Key that signs session cookies, 32 characters or more (to rotate: several, newest first, separated by commas); made and kept in `DATA_DIR` when unset',
    ),
  TRUST_PROXY: z
    .string()
    .optional()
    .describe(
      'Reverse proxies whose X-Forwarded-For, -Proto, -Host and Forwarded headers are believed: addresses and ranges with commas between (`loopback`, `10.0.0.0/8`)',
    ),
  OPS_ACCESS: z
    .string()
    .min(1)
    .default('loopback')
    .describe(
      'Who may use the console and act on everyone’s jobs: `loopback`, who is on this machine; addresses and ranges with commas between (`10.1.0.0/16`), who comes from there; `open`, whoever reaches the address; `off`, nobody',
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
      'What carries every call to the event store: `auto`, Docket’s own transport where `EVENTSTORE_URL` names one server and `@eventstore/db-client` for a cluster; `client`, always that',
    ),
  SCAVENGE_EVERY_HOURS: whole(0, 8_760)
    .default(24)
    .describe(
      'Hours between two scavenges of the embedded event store, which free what limits and deletions of streams have passed; 0 for none',
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
      'Token that the gateway asks of its callers; unset: made anew at each start, if the gateway is started on this machine',
    ),
  GATEWAY_MAPPINGS: z
    .string()
    .optional()
    .describe(
      'Folder of the operator’s own mappings, `ID.json` each, beside the shipped ones; what is edited there is taken up within seconds',
    ),
  GATEWAY_CHILDREN: whole(1, 64).default(2).describe('Child processes that convert, per gateway'),
  GATEWAY_OCR: z
    .enum(['on', 'off'])
    .default('on')
    .describe('Whether pages without text are read by OCR; `off`: a scan fails with `NO_TEXT`'),
  EN16931_STYLESHEET: z
    .string()
    .optional()
    .describe(
      'Compiled stylesheet (`.sef.json`) of the official EN 16931 rules for UBL, which `docket mapping test` then runs on each result; `saxon-js` must be installed in a folder above it',
    ),

  BLOB_STORE: z.enum(['filesystem', 's3']).default('filesystem').describe('Where PDFs and results are kept'),
  BLOB_DIR: z
    .string()
    .optional()
    .describe('Folder of the filesystem blob store; unset: `blobs` in `DATA_DIR`'),
  S3_BUCKET: z.string().optional().describe('Bucket of the S3 blob store'),
  S3_ENDPOINT: url.optional().describe('Address of an S3-compatible store; unset: AWS'),
  S3_REGION: z.string().default('us-east-1').describe('Region of the bucket'),
  S3_FORCE_PATH_STYLE: flag.default(false).describe('`true` for stores that take the bucket in the path'),
  S3_SERVER_SIDE_ENCRYPTION: z
    .enum(['none', 'AES256', 'aws:kms'])
    .default('none')
    .describe('Encryption at rest asked of the store'),
  AWS_ACCESS_KEY_ID: z
    .string()
    .optional()
    .describe(
      'Key of the S3 blob store; unset: what the AWS client finds (shared files, role of the instance)',
    ),
  AWS_SECRET_ACCESS_KEY: z.string().optional().describe('Secret of `AWS_ACCESS_KEY_ID`'),
  AWS_SESSION_TOKEN: z.string().optional().describe('Session token that belongs to a key made for a time'),

  MAX_UPLOAD_MB: whole(1, 2048).default(50).describe('Largest PDF, in MiB'),
  MAX_FILES_PER_REQUEST: whole(1, 200).default(40).describe('Most files in one upload request'),
  OWNER_STORAGE_MB: whole(1, 1_000_000_000)
    .optional()
    .describe(
      'Room for the PDFs and results that one owner has stored, in MiB; an upload beyond it is refused with 507; unset: no limit',
    ),
  STRICT_PDF_HEADER: flag.default(true).describe('`false` takes `%PDF-` anywhere in the first 1,024 bytes'),
  DEFAULT_MAPPING: z.string().default('pt_simon_invoice_v1').describe('Mapping of an upload that names none'),
  RATE_PROFILE: z
    .enum(['normal', 'strict'])
    .default('normal')
    .describe(
      'Defaults of the limits: `strict`, for strangers, is 100 requests a minute and 10 uploads an hour; a limit that is set itself wins',
    ),
  RATE_LIMIT_STORE: z
    .enum(['memory', 'postgres'])
    .default('memory')
    .describe('`postgres` counts for all processes together, where several serve the same people'),
  REQUEST_RATE_PER_MINUTE: whole(1, 10_000_000)
    .default(6_000)
    .describe('Requests an address may make in a minute, and an owner'),
  UPLOAD_RATE_PER_MINUTE: whole(1, 1_000_000).default(600).describe('Files an owner may upload in a minute'),
  UPLOAD_RATE_PER_HOUR: whole(1, 10_000_000)
    .optional()
    .describe('Files an owner may upload in an hour; unset: no limit but that of the minute'),
  SOCKETS_PER_ADDRESS_MAX: whole(1, 100_000)
    .default(50)
    .describe('Live sockets that one address may hold open at one query-api'),
  UPLOADS_IN_FLIGHT_MAX: whole(1, 10_000)
    .default(64)
    .describe('Uploads received at the same time by one command-api'),
  UPLOAD_IDLE_TIMEOUT_MS: whole(100, 600_000)
    .default(10_000)
    .describe('An upload that sends less than 1 KiB a second for so long is ended'),

  WORKER_CONCURRENCY: whole(1, 256).default(4).describe('Conversions at the same time, per processor'),
  CLAIM_AHEAD_MAX: whole(0, 256)
    .default(32)
    .describe(
      'Most jobs that a processor claims ahead of need while more wait than it has workers; never more than it begins within 100 ms; 0 for none',
    ),
  GATEWAY_TIMEOUT_MS: whole(10, 600_000)
    .default(30_000)
    .describe('Longest wait for one answer of the gateway'),
  WORKER_TIMEOUT_MS: whole(10, 1_200_000).default(60_000).describe('Longest attempt, storage included'),
  WORKER_LEASE_TTL_SEC: whole(1, 3_600).default(90).describe('How long a claim holds without an outcome'),
  JOB_TIMEOUT_SEC: whole(1, 86_400)
    .default(300)
    .describe('A failed attempt is not repeated later than this after the first one'),
  RETRY_MAX_ATTEMPTS: whole(1, 20).default(3).describe('Attempts in all for errors that may pass'),
  RETRY_BACKOFF_MS: whole(1, 600_000)
    .default(5_000)
    .describe('First backoff; doubled each time, with full jitter'),
  RETRY_BACKOFF_MAX_MS: whole(1, 3_600_000).default(60_000).describe('Longest backoff'),
  PROCESSOR_ID: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,80}$/)
    .optional()
    .describe('Name of this processor, the same over restarts and shared by no other; unset: the host name'),
  PROCESSOR_BEAT_MS: whole(50, 60_000).default(2_000).describe('How often a processor says that it lives'),
  PROCESSOR_SILENT_MS: whole(100, 600_000)
    .default(10_000)
    .describe('A processor silent for so long loses its leases'),
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
    .describe('Jobs a second over all processors; unset: no limit'),

  PDF_TTL_DAYS: whole(0, 36_500).default(7).describe('Days an uploaded PDF is kept'),
  XML_TTL_DAYS: whole(0, 36_500).default(30).describe('Days a result is kept'),
  DELETE_XML_ON_FIRST_DOWNLOAD: flag
    .default(false)
    .describe('`true` removes a result after its first complete download'),
  DISK_WARN_PERCENT: whole(1, 100).default(80).describe('Disk use that is warned about'),
  DISK_REFUSE_PERCENT: whole(1, 100).default(90).describe('Disk use at which uploads are refused with 507'),

  SEAL_EVERY_HOURS: whole(0, 8_760).default(24).describe('Hours between two seals of the log; 0 for none'),
  SEAL_KEY_FILE: z
    .string()
    .optional()
    .describe('Ed25519 private key (PEM) that signs seals; made and kept in `DATA_DIR` when unset'),

  BACKUP_KEY_FILE: z
    .string()
    .optional()
    .describe('File of 32 random bytes or more that backups are encrypted with'),
  BACKUP_PASSPHRASE: z
    .string()
    .min(12)
    .optional()
    .describe('Words that backups are encrypted with, when there is no key file; 12 characters or more'),

  SHUTDOWN_GRACE_MS: whole(100, 120_000).default(25_000).describe('Longest drain after SIGTERM'),
});

export type Settings = z.infer<typeof Settings>;
export type SettingName = keyof Settings;

/** Settings that are never printed or logged. Each may be given as a file: `secretFileVariable`. */
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
