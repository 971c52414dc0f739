import { CodedError } from '../../schemas/errors/coded-error.ts';
import { Settings } from '../../schemas/settings/config.ts';
import { addressList, AddressListRefused } from './address-list.ts';
import { productionFaults } from './production-settings.ts';

/** The settings are unusable. The message names each fault, one a line. */
export class SettingsRefused extends CodedError {
  readonly code = 'SETTINGS_REFUSED';

  constructor(faults: readonly string[], options?: ErrorOptions) {
    super(
      `Docket cannot start with these settings:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
      options,
    );
  }
}

/** The text of one setting, for a program that needs only few settings. Undefined when it is unset or empty. */
export function givenSetting(
  name: keyof Settings,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const value = environment[name];
  return value === '' ? undefined : value;
}

/**
 * Reads the settings from environment variables. An empty variable counts as unset.
 * @throws SettingsRefused naming every fault at once
 */
export function loadSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const given = Object.fromEntries(
    Object.keys(Settings.shape)
      .map((name) => [name, givenSetting(name as keyof Settings, environment)] as const)
      .filter(([, value]) => value !== undefined),
  );
  const parsed = Settings.safeParse({ ...profileDefaults(given['RATE_PROFILE']), ...given });
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new SettingsRefused(faults, { cause: parsed.error });
  }
  const faults = contradictions(parsed.data);
  if (faults.length > 0) throw new SettingsRefused(faults);
  return parsed.data;
}

/** The values of a profile, for settings that the environment does not set. */
function profileDefaults(profile: string | undefined): Record<string, string> {
  return profile === 'strict' ? { REQUEST_RATE_PER_MINUTE: '100', UPLOAD_RATE_PER_HOUR: '10' } : {};
}

/** Finds faults of settings that are valid one by one but not together. R04.02 states the order of the time limits. */
function contradictions(settings: Settings): string[] {
  const faults: string[] = [];
  const leaseMs = settings.WORKER_LEASE_TTL_SEC * 1000;
  if (settings.GATEWAY_TIMEOUT_MS > settings.WORKER_TIMEOUT_MS)
    faults.push('GATEWAY_TIMEOUT_MS must not be above WORKER_TIMEOUT_MS');
  if (settings.WORKER_TIMEOUT_MS >= leaseMs)
    faults.push('WORKER_TIMEOUT_MS must be below WORKER_LEASE_TTL_SEC');
  if (settings.WORKER_LEASE_TTL_SEC >= settings.JOB_TIMEOUT_SEC)
    faults.push('WORKER_LEASE_TTL_SEC must be below JOB_TIMEOUT_SEC');
  if (settings.RETRY_BACKOFF_MS > settings.RETRY_BACKOFF_MAX_MS)
    faults.push('RETRY_BACKOFF_MS must not be above RETRY_BACKOFF_MAX_MS');
  if (settings.PROCESSOR_BEAT_MS * 2 > settings.PROCESSOR_SILENT_MS)
    faults.push('PROCESSOR_SILENT_MS must be at least twice PROCESSOR_BEAT_MS');
  if (settings.DISK_WARN_PERCENT > settings.DISK_REFUSE_PERCENT)
    faults.push('DISK_WARN_PERCENT must not be above DISK_REFUSE_PERCENT');
  if (settings.TRUST_PROXY) faults.push(...addressFaults('TRUST_PROXY', settings.TRUST_PROXY));
  if (settings.OPS_ACCESS !== 'open' && settings.OPS_ACCESS !== 'off')
    faults.push(...addressFaults('OPS_ACCESS', settings.OPS_ACCESS));
  if (settings.PUBLIC_URL && !/^[^/]*\/\/[^/?#]+\/?$/.test(settings.PUBLIC_URL))
    faults.push('PUBLIC_URL must be an origin without a path, such as https://docket.example');
  if (settings.NODE_ENV === 'production') faults.push(...productionFaults(settings));
  if (settings.RATE_LIMIT_STORE === 'postgres' && !settings.DATABASE_URL)
    faults.push('DATABASE_URL is required when RATE_LIMIT_STORE is postgres');
  if (settings.BLOB_STORE === 's3' && !settings.S3_BUCKET)
    faults.push('S3_BUCKET is required when BLOB_STORE is s3');
  if (settings.BLOB_STORE === 's3' && !settings.AWS_ACCESS_KEY_ID !== !settings.AWS_SECRET_ACCESS_KEY)
    faults.push('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set together or not at all');
  return faults;
}

function addressFaults(name: 'TRUST_PROXY' | 'OPS_ACCESS', value: string): string[] {
  try {
    addressList(value);
    return [];
  } catch (error) {
    if (error instanceof AddressListRefused) return [`${name}: ${error.message}`];
    throw error;
  }
}
