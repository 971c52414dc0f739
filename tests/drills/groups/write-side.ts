import { setTimeout as sleep } from 'node:timers/promises';
import { timeLimit } from '../../harness/machine-time.ts';
import type { DrillInstallation } from '../drill-installation.ts';
import { expectThat } from '../claims.ts';
import type { Drill } from '../drill.ts';
import { UPLOAD_CRASH_POINTS, type CrashPoint } from '../../../runtime/crash-points.ts';
import { historyOf, untilState } from '../job-streams.ts';
import { anyPdf, newOwner, tryUpload, upload, type Uploaded } from '../people.ts';

/** How long each of fifty goes on while a store is late, and its pause between two tries. */
const TAKEN_MS_MAX = 40_000;
const AGAIN_AFTER_MS = 200;

/** A second command-api, which both drills use. */
async function apiTwo(installation: DrillInstallation): Promise<string> {
  const name = 'api-2';
  const known = installation.processes().find((each) => each.name === name);
  return (known ?? (await installation.serve(name, ['command-api']))).url;
}

/** The client repeats the upload with its key at another command-api, and gets the only job. */
async function killedUpload(
  installation: DrillInstallation,
  point: CrashPoint,
  other: string,
): Promise<void> {
  const victim = await installation.serve(`api-${point}`, ['command-api'], { env: { CRASH_AT: point } });
  const asked = { owner: newOwner(), bytes: anyPdf(200_000), key: `drill-${point}-${victim.port}` };
  const lost = await tryUpload(installation, { ...asked, at: victim.url }).catch(() => null);
  expectThat(lost === null, `an api killed ${point} gives no answer`, lost);
  expectThat((await victim.ended()) === 'SIGKILL', `the api died ${point}`);
  const jobId = await upload(installation, { ...asked, at: other });
  const replayed = await upload(installation, asked);
  expectThat(replayed === jobId, 'the same key is the same job', [jobId, replayed]);
  await untilState(installation, jobId, ['ready']);
  const uploads = (await historyOf(installation, jobId)).filter((type) => type === 'DocumentUploaded');
  expectThat(uploads.length === 1, 'the document is in the log once', uploads.length);
}

async function killedUploads(installation: DrillInstallation): Promise<string> {
  const other = await apiTwo(installation);
  await Promise.all(UPLOAD_CRASH_POINTS.map((point) => killedUpload(installation, point, other)));
  return `killed ${UPLOAD_CRASH_POINTS.join(', ')}: the same key gave one job each`;
}

async function fiftyAtOnce(installation: DrillInstallation): Promise<string> {
  const owner = newOwner();
  const bytes = anyPdf();
  const other = await apiTwo(installation);
  // There is no key. They are one job only because they are one document.
  const untilTaken = async (index: number): Promise<Uploaded> => {
    const asked = { owner, bytes, ...(index % 2 === 0 ? { at: other } : {}) };
    for (const isOver = timeLimit(TAKEN_MS_MAX); ; await sleep(AGAIN_AFTER_MS)) {
      const answer = await tryUpload(installation, asked);
      const isTaken = answer.status === 202 || answer.status === 200;
      expectThat(isTaken || answer.status === 503, 'each is taken, or told to come again', answer);
      if (isTaken || isOver()) return answer;
    }
  };
  const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => untilTaken(index)));
  const jobs = new Set(answers.map(({ jobId }) => jobId));
  expectThat(jobs.size === 1 && !jobs.has(null), 'fifty uploads are one job', [...jobs]);
  const created = answers.filter(({ status }) => status === 202).length;
  return `50 uploads through 2 processes: 1 job, ${created} told 202, ${50 - created} told 200`;
}

/** The drills for an installation with a processor. */
export const writeSide: readonly Drill[] = [
  { id: 'D10', title: 'kill -9 of command-api in the middle of an upload', small: true, run: killedUploads },
  {
    id: 'D37',
    title: '50 parallel uploads of one file through two command-apis',
    small: true,
    run: fiftyAtOnce,
  },
];
