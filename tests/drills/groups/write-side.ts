import type { DrillHouse } from '../drill-house.ts';
import { expectThat } from '../claims.ts';
import type { Drill } from '../drill.ts';
import { UPLOAD_CRASH_POINTS, type CrashPoint } from '../../../runtime/crash-points.ts';
import { historyOf, untilState } from '../job-streams.ts';
import { anyPdf, newOwner, tryUpload, upload } from '../people.ts';

/** A second command-api, which both drills use. */
async function apiTwo(house: DrillHouse): Promise<string> {
  const name = 'api-2';
  const known = house.processes().find((each) => each.name === name);
  return (known ?? (await house.serve(name, ['command-api']))).url;
}

/** The client tries again with its key, at another command-api, and gets the one job there is. */
async function killedUpload(house: DrillHouse, point: CrashPoint, other: string): Promise<void> {
  const victim = await house.serve(`api-${point}`, ['command-api'], { env: { CRASH_AT: point } });
  const asked = { owner: newOwner(), bytes: anyPdf(200_000), key: `drill-${point}-${victim.port}` };
  const lost = await tryUpload(house, { ...asked, at: victim.url }).catch(() => null);
  expectThat(lost === null, `an api killed ${point} gives no answer`, lost);
  expectThat((await victim.ended()) === 'SIGKILL', `the api died ${point}`);
  const jobId = await upload(house, { ...asked, at: other });
  const replayed = await upload(house, asked);
  expectThat(replayed === jobId, 'the same key is the same job', [jobId, replayed]);
  await untilState(house, jobId, ['ready']);
  const uploads = (await historyOf(house, jobId)).filter((type) => type === 'DocumentUploaded');
  expectThat(uploads.length === 1, 'the document is in the log once', uploads.length);
}

async function killedUploads(house: DrillHouse): Promise<string> {
  const other = await apiTwo(house);
  await Promise.all(UPLOAD_CRASH_POINTS.map((point) => killedUpload(house, point, other)));
  return `killed ${UPLOAD_CRASH_POINTS.join(', ')}: the same key gave one job each`;
}

async function fiftyAtOnce(house: DrillHouse): Promise<string> {
  const [owner, bytes, other] = [newOwner(), anyPdf(), await apiTwo(house)];
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      tryUpload(house, { owner, bytes, ...(index % 2 === 0 ? { at: other } : {}) }),
    ),
  );
  const jobs = new Set(answers.map(({ jobId }) => jobId));
  expectThat(jobs.size === 1 && !jobs.has(null), 'fifty uploads are one job', [...jobs]);
  const created = answers.filter(({ status }) => status === 202).length;
  expectThat(
    answers.every(({ status }) => status === 202 || status === 200),
    'each got an answer',
  );
  return `50 uploads through 2 processes: 1 job, ${created} told 202, ${50 - created} told 200`;
}

/** For a house with a processor. */
export const writeSide: readonly Drill[] = [
  { id: 'D10', title: 'kill -9 of command-api in the middle of an upload', small: true, run: killedUploads },
  {
    id: 'D37',
    title: '50 parallel uploads of one file through two command-apis',
    small: true,
    run: fiftyAtOnce,
  },
];
