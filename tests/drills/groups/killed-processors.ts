import { CRASH_POINTS, type CrashPoint } from '../../../runtime/crash-points.ts';
import { jobIdOf } from '../../../schemas/name-based-ids.ts';
import type { DrillInstallation } from '../drill-installation.ts';
import { expectThat } from '../claims.ts';
import type { Drill } from '../drill.ts';
import { historyOf, untilState } from '../job-streams.ts';
import { anyPdf, newOwner, upload } from '../people.ts';
import type { ServiceProcess } from '../service-process.ts';
import { sha256Of } from '../../../schemas/sha256.ts';

const NAME = 'processor-to-die';
const pointsInOrder: readonly CrashPoint[] = CRASH_POINTS;

/** The point and the document at which the installation's processor dies next. */
interface Death {
  readonly point: CrashPoint;
  readonly owner: string;
  readonly bytes: Buffer;
}

let next: Death | null = null;

/** The settings that make a processor die at `point`, of a document that nobody has uploaded yet. */
function deathAt(point: CrashPoint): Record<string, string> {
  next = { point, owner: newOwner(), bytes: anyPdf() };
  const sha256 = sha256Of(next.bytes);
  const jobId = jobIdOf(next.owner, { id: 'pt_simon_invoice_v1', version: 1 }, sha256);
  return { CRASH_AT: point, CRASH_JOB: jobId };
}

/** One processor for all these drills. After each death it returns, and dies at the next document. */
async function victimOf(installation: DrillInstallation, point: CrashPoint): Promise<ServiceProcess> {
  const standing = installation.processes().find(({ name }) => name === NAME);
  if (standing === undefined) return installation.serve(NAME, ['processor'], { env: deathAt(point) });
  if (next?.point === point) return standing;
  await standing.kill();
  await standing.restart(deathAt(point));
  return standing;
}

async function killedAt(installation: DrillInstallation, point: CrashPoint): Promise<string> {
  const victim = await victimOf(installation, point);
  const { owner, bytes } = next!;
  const jobId = await upload(installation, { owner, bytes });
  const how = await victim.ended();
  expectThat(how === 'SIGKILL', 'the processor died at the named step', how);
  const startedAt = performance.now();
  await victim.restart(deathAt(pointsInOrder[pointsInOrder.indexOf(point) + 1] ?? CRASH_POINTS[0]));
  await untilState(installation, jobId, ['ready']);
  const tookMs = performance.now() - startedAt;
  const history = await historyOf(installation, jobId);
  expectThat(history.at(-1) === 'ConversionSucceeded', 'nothing follows Ready', history);
  const attempts = history.filter((type) => type === 'ConversionStarted').length;
  return `${attempts} attempt${attempts === 1 ? '' : 's'}, ready ${(tookMs / 1000).toFixed(1)} s after the restart began`;
}

/** D01 to D09: one for each step of a conversion, in an installation where no other processor is left. */
export const killedProcessors: readonly Drill[] = CRASH_POINTS.map((point, index) => ({
  id: `D${String(index + 1).padStart(2, '0')}`,
  title: `kill -9 of a processor ${point}`,
  run: (installation) => killedAt(installation, point),
}));
