import { slowness } from '../harness/machine-time.ts';

/** The secret that signs the sessions in every process of a drill's installation. */
export const DRILL_SECRET = 'drill-secret-of-thirty-two-characters-or-more';

/** All time limits of the product, about twenty times as short and in the same order. */
export const QUICK: Readonly<Record<string, string>> = {
  LOG_LEVEL: 'warn',
  NODE_ENV: 'test',
  SESSION_SECRET: DRILL_SECRET,
  GATEWAY_TIMEOUT_MS: '1500',
  WORKER_TIMEOUT_MS: '3000',
  WORKER_LEASE_TTL_SEC: '5',
  JOB_TIMEOUT_SEC: '120',
  RETRY_BACKOFF_MS: '200',
  RETRY_BACKOFF_MAX_MS: '800',
  PROCESSOR_BEAT_MS: '300',
  PROCESSOR_SILENT_MS: '1500',
  BREAKER_FAILURES: '1000',
  BREAKER_RESET_MS: '500',
  EVENTSTORE_TIMEOUT_MS: '2000',
  DATABASE_TIMEOUT_MS: '2000',
  UPLOAD_RATE_PER_MINUTE: '100000',
  REQUEST_RATE_PER_MINUTE: '1000000',
  // All requests of a drill come from one address.
  SOCKETS_PER_ADDRESS_MAX: '1000',
  SHUTDOWN_GRACE_MS: '5000',
  // A drill's own files, not the machine's disk, are what is drilled.
  DISK_WARN_PERCENT: '100',
  DISK_REFUSE_PERCENT: '100',
};

/** Limits of time whose passing is a fault of the product's surroundings, and no fault when only the machine is busy. */
const LIMITS = [
  'GATEWAY_TIMEOUT_MS',
  'WORKER_TIMEOUT_MS',
  'WORKER_LEASE_TTL_SEC',
  'JOB_TIMEOUT_SEC',
  'PROCESSOR_SILENT_MS',
  'EVENTSTORE_TIMEOUT_MS',
  'DATABASE_TIMEOUT_MS',
  'SHUTDOWN_GRACE_MS',
];
const LIMITS_TIMES_MAX = 4;

/** `QUICK` on this machine as busy as it is now: the limits are longer together, so that the ladder stays one. */
export function quick(): Record<string, string> {
  const times = Math.min(LIMITS_TIMES_MAX, slowness());
  const longer = LIMITS.map((name) => [name, String(Math.ceil(Number(QUICK[name]) * times))]);
  return { ...QUICK, ...(Object.fromEntries(longer) as Record<string, string>) };
}
