import { CRASH_POINTS, type CrashPoint } from '../../../runtime/crash-points.ts';
import { startDrillHouse, type DrillHouse } from '../drill-house.ts';
import { expectThat } from '../claims.ts';
import type { Drill, DrillGroup } from '../drill.ts';
import { historyOf, untilState } from '../job-streams.ts';
import { upload } from '../people.ts';

/** D01 to D09: one for each step of a conversion. */
const drills: Drill[] = CRASH_POINTS.map((point, index) => ({
  id: `D${String(index + 1).padStart(2, '0')}`,
  title: `kill -9 of a processor ${point}`,
  run: (house) => killedAt(house, point),
}));

async function killedAt(house: DrillHouse, point: CrashPoint): Promise<string> {
  const name = `processor-${point}`;
  const victim = await house.serve(name, ['processor'], { env: { CRASH_AT: point } });
  const jobId = await upload(house);
  const how = await victim.ended();
  expectThat(how === 'SIGKILL', 'the processor died at the named step', how);
  const startedAt = performance.now();
  await victim.restart({ CRASH_AT: '' });
  await untilState(house, jobId, ['ready']);
  const tookMs = performance.now() - startedAt;
  const history = await historyOf(house, jobId);
  expectThat(history.at(-1) === 'ConversionSucceeded', 'nothing follows Ready', history);
  await victim.kill();
  const attempts = history.filter((type) => type === 'ConversionStarted').length;
  return `${attempts} attempt${attempts === 1 ? '' : 's'}, ready ${(tookMs / 1000).toFixed(1)} s after the restart began`;
}

export const killedProcessors: DrillGroup = { name: 'processors', start: () => startDrillHouse(), drills };
