import { Settings, type SettingName } from '../../schemas/settings/config.ts';

/** The variables of the machine that every program needs, and the variables of Node. */
const MACHINE = [
  'PATH',
  'HOME',
  'TMPDIR',
  'LANG',
  'LC_ALL',
  'TZ',
  'NODE_ENV',
  'NODE_OPTIONS',
  'NODE_COMPILE_CACHE',
  'NODE_V8_COVERAGE',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
];

/** Settings of commands, which no service needs. */
const NOT_SERVED: ReadonlySet<string> = new Set<SettingName>([
  'BACKUP_KEY_FILE',
  'BACKUP_PASSPHRASE',
  'ANALYTICS_DATABASE_URL',
]);

/** The parts that `docket up` starts as processes of Docket's own code. */
export type PartName = 'event-store' | 'gateway' | 'services' | 'web-app';

/** The environment from which variables are passed on. */
type Given = Readonly<Record<string, string | undefined>>;

/** The variables of each part, besides `MACHINE`. A secret goes only to a part that names it. */
const NAMES: Readonly<Record<PartName, (name: string, given: Given) => boolean>> = {
  'event-store': (name) => name === 'SCAVENGE_EVERY_HOURS',
  'web-app': () => false,
  gateway: (name) => ['GATEWAY_CHILDREN', 'GATEWAY_MAPPINGS', 'GATEWAY_OCR'].includes(name),
  services: (name, given) => {
    // The variables that the S3 client reads. A machine may have them for other programs too.
    if (name.startsWith('AWS_')) return given['BLOB_STORE'] === 's3';
    return (
      (Object.hasOwn(Settings.shape, name) && !NOT_SERVED.has(name)) ||
      // Crash points of tests, and variables for a Postgres on another machine.
      /^(CRASH_AT$|CRASH_JOB$|PG[A-Z])/.test(name) ||
      /^((http|https|grpc|no|no_grpc)_proxy)$/i.test(name)
    );
  },
};

/**
 * Selects the variables for a part from the environment of this process. The list ensures that a secret reaches only
 * the part that needs it.
 * @param given the environment of this process
 */
export function environmentOf(part: PartName, given: Given): Record<string, string> {
  const needs = NAMES[part];
  return Object.fromEntries(
    Object.entries(given).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && (MACHINE.includes(entry[0]) || needs(entry[0], given)),
    ),
  );
}
