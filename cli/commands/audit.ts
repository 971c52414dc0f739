import { createPublicKey, type KeyObject } from 'node:crypto';
import { resolve } from 'node:path';
import { checkBundle } from '../../audit/check-bundle.ts';
import { loadSealKey, publicPem, readPublicKey } from '../../audit/seal-keys.ts';
import { sealLog } from '../../audit/seal-log.ts';
import { sealCopies } from '../../audit/seal-store.ts';
import { verifyLog } from '../../audit/verify-log.ts';
import { writeBundle } from '../../audit/write-bundle.ts';
import type { BlobStore } from '../../blob-store/blob-store.ts';
import { sentenceOf } from '../../conversion-job/event-sentences.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createLog } from '../../runtime/log/log.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import type { Settings } from '../../schemas/settings/config.ts';
import { understoodOrNull } from '../../schemas/events/event-versions.ts';
import { JobId } from '../../schemas/ids.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import { interruptSignal } from '../stop-asked.ts';
import { openBlobs } from '../open-stores.ts';
import { usage } from '../plain-failure.ts';
import { progressOn } from '../progress.ts';
import { reachLog } from '../reach-log.ts';

const UNTOUCHED = 'Nothing was changed.';

/** `docket seal`. Exit codes: 0 sealed, 1 refused or failed, 130 interrupted. */
export async function runSeal(argv: readonly string[]): Promise<number> {
  const { settings, options } = read(argv);
  const progress = progressOn(process.stderr, 'Sealing');
  const seal = await withStores(settings, async (log, blobs) =>
    sealLog({
      log,
      copies: sealCopies(settings.DATA_DIR, blobs),
      key: await loadSealKey(settings),
      clock: systemClock,
      earlierKeys: await givenKeys(options),
      signal: interruptSignal(UNTOUCHED),
      onProgress: (position, head) => progress.show(Number(position), Number(head)),
    }),
  ).finally(progress.end);
  if (options.json) console.log(JSON.stringify(seal, null, 2));
  else
    console.log(
      `Seal ${seal.number}: ${seal.streams} streams with ${seal.events} events, root ${seal.root}, key ${seal.keyId}.`,
    );
  return 0;
}

/**
 * `docket audit verify|export|check|key`. Exit codes: 0 everything is unchanged, 1 something has changed, or the
 * command failed, 2 wrong usage, 130 interrupted.
 */
export async function runAudit(argv: readonly string[]): Promise<number> {
  const [action, ...rest] = argv;
  switch (action) {
    case 'verify':
      return verify(rest);
    case 'export':
      return exportBundle(rest);
    case 'check':
      return check(rest);
    case 'key':
      return showKey(rest);
    default:
      throw usage('Say: docket audit verify, export <job>, check <bundle> --key FILE, or key.');
  }
}

async function showKey(argv: readonly string[]): Promise<number> {
  const publicKey = publicPem(await loadSealKey(loadSettings(process.env))).trim();
  console.log(argv.includes('--json') ? JSON.stringify({ publicKey }) : publicKey);
  return 0;
}

async function verify(argv: readonly string[]): Promise<number> {
  const { settings, options } = read(argv);
  const progress = progressOn(process.stderr, 'Verifying');
  const verified = await withStores(settings, async (log, blobs) =>
    verifyLog({
      log,
      copies: sealCopies(settings.DATA_DIR, blobs),
      keys: await verifyingKeys(settings, options),
      signal: interruptSignal(UNTOUCHED),
      onProgress: (position, head) => progress.show(Number(position), Number(head)),
    }),
  ).finally(progress.end);
  const { events, streams, seals, unsealedEvents, faults } = verified;
  if (options.json) console.log(JSON.stringify(verified, null, 2));
  else {
    for (const fault of faults)
      console.log(`  ${'stream' in fault ? `${fault.stream}: ` : ''}${fault.message}`);
    if (faults.length > 0) console.log(`${faults.length} faults in ${events} events.`);
    else
      console.log(
        `${events} events of ${streams} streams are what was written, and ${seals} seals hold. ` +
          (seals === 0
            ? 'Without a seal, nothing proves the end of a stream.'
            : `${unsealedEvents} events are newer than the last seal.`),
      );
  }
  return faults.length === 0 ? 0 : 1;
}

async function exportBundle(argv: readonly string[]): Promise<number> {
  const { settings, options, words } = read(argv);
  const jobId = JobId.safeParse(words[0]);
  if (!jobId.success) throw usage('Name the job: docket audit export <job>.');
  const folder = resolve(options.out ?? `audit-${jobId.data}`);
  const index = await withStores(settings, async (log, blobs) =>
    writeBundle(
      {
        log,
        blobs,
        copies: sealCopies(settings.DATA_DIR, blobs),
        clock: systemClock,
        sentenceOf: (event) => {
          const understood = understoodOrNull(event);
          return understood === null ? event.type : sentenceOf(understood as JobEvent);
        },
        keys: await verifyingKeys(settings, options),
      },
      jobId.data,
      folder,
    ),
  );
  if (options.json) console.log(JSON.stringify({ folder, ...index }, null, 2));
  else
    console.log(
      `${folder} has the events up to ${index.sealedRevision} with their proof; its README.txt explains the check.`,
    );
  return 0;
}

async function check(argv: readonly string[]): Promise<number> {
  const { options, words } = read(argv);
  if (words[0] === undefined || options.key === undefined)
    throw usage('Say: docket audit check <bundle> --key <public key file>.');
  const checked = await checkBundle(resolve(words[0]), await readPublicKey(resolve(options.key)));
  const { jobId, events, sealedEvents, files, removedFiles, faults } = checked;
  if (options.json) console.log(JSON.stringify(checked, null, 2));
  else if (faults.length > 0)
    console.log(`Job ${jobId} differs from what was sealed:\n  ${faults.join('\n  ')}`);
  else
    console.log(
      `Job ${jobId}: ${events} events and ${files} files are what was written; ${sealedEvents} events are under the seal` +
        `${removedFiles > 0 ? `, ${removedFiles} files had been removed` : ''}.`,
    );
  return faults.length === 0 ? 0 : 1;
}

interface Options {
  readonly json: boolean;
  readonly key?: string;
  readonly out?: string;
}

function read(argv: readonly string[]): { settings: Settings; options: Options; words: string[] } {
  const words = [...argv];
  const valueOf = (name: string): string | undefined => {
    const at = words.indexOf(name);
    return at < 0 ? undefined : words.splice(at, 2)[1];
  };
  const key = valueOf('--key');
  const out = valueOf('--out');
  const options = { json: words.includes('--json'), ...(key && { key }), ...(out && { out }) };
  return {
    settings: loadSettings(process.env),
    options,
    words: words.filter((word) => !word.startsWith('--')),
  };
}

async function givenKeys({ key }: Options): Promise<KeyObject[]> {
  return key === undefined ? [] : [await readPublicKey(resolve(key))];
}

/** Returns the key that the options name, otherwise the key with which this machine signs. */
async function verifyingKeys(settings: Settings, options: Options): Promise<KeyObject[]> {
  const given = await givenKeys(options);
  return given.length > 0 ? given : [createPublicKey(await loadSealKey(settings))];
}

async function withStores<Result>(
  settings: Settings,
  use: (log: Awaited<ReturnType<typeof reachLog>>['log'], blobs: BlobStore) => Promise<Result>,
): Promise<Result> {
  const logger = createLog('docket', 'error');
  const blobs = await openBlobs(settings, logger);
  const reached = await reachLog(settings, logger, { alone: false });
  try {
    return await use(reached.log, blobs);
  } finally {
    await reached.close();
  }
}
