import { Settings, type SettingName } from '../../schemas/config.ts';

/** What every program needs of the machine it runs on, and Node of its own. */
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

/** Of commands that people run, and of no service. */
const NOT_SERVED: ReadonlySet<string> = new Set<SettingName>([
  'BACKUP_KEY_FILE',
  'BACKUP_PASSPHRASE',
  'ANALYTICS_DATABASE_URL',
]);

/** The parts that `docket up` starts as processes of our own code. */
export type PartName = 'event-store' | 'gateway' | 'services' | 'web-app';

/** The environment that is handed on from. */
type Given = Readonly<Record<string, string | undefined>>;

/** By part, the variables beside `MACHINE`. A part that needs a secret names it; no other part has it. */
const NAMES: Readonly<Record<PartName, (name: string, given: Given) => boolean>> = {
  'event-store': (name) => name === 'SCAVENGE_EVERY_HOURS',
  'web-app': () => false,
  gateway: (name) => ['GATEWAY_CHILDREN', 'GATEWAY_MAPPINGS', 'GATEWAY_OCR'].includes(name),
  services: (name, given) => {
    // Credentials and region of S3, as its client reads them: a machine has them for many programs.
    if (name.startsWith('AWS_')) return given['BLOB_STORE'] === 's3';
    return (
      (Object.hasOwn(Settings.shape, name) && !NOT_SERVED.has(name)) ||
      // Crash points of tests; the way to servers elsewhere.
      /^(CRASH_AT$|CRASH_JOB$|PG[A-Z])/.test(name) ||
      /^((http|https|grpc|no|no_grpc)_proxy)$/i.test(name)
    );
  },
};

/**
 * What a part gets of our own environment: a list, so that a secret reaches the part that needs it and no other.
 * @param given our own environment
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
