import { jobIdOf } from '../../../schemas/name-based-ids.ts';
import type { DrillInstallation } from '../drill-installation.ts';
import { expectThat } from '../claims.ts';
import type { Drill } from '../drill.ts';
import { historyOf, untilState } from '../job-streams.ts';
import { anyPdf, newOwner, upload } from '../people.ts';
import { sha256Of } from '../../../schemas/sha256.ts';

/** A document that kills whatever process converts it, in a fleet whose supervisor starts each again. */
async function poisonJob(installation: DrillInstallation): Promise<string> {
  const owner = newOwner();
  const bytes = anyPdf();
  const sha256 = sha256Of(bytes);
  const poison = jobIdOf(owner, { id: 'pt_simon_invoice_v1', version: 1 }, sha256);
  const env = { CRASH_AT: 'before-gateway', CRASH_JOB: poison };
  const fleet = await Promise.all(
    [1, 2].map((n) => installation.serve(`fleet-${n}`, ['processor'], { env })),
  );
  let over = false;
  let deaths = 0;
  const supervising = fleet.map(async (each) => {
    for (;;) {
      await each.ended();
      if (over) return;
      deaths += 1;
      await each.restart({}, { unready: true });
    }
  });
  const others = await Promise.all(Array.from({ length: 10 }, () => upload(installation)));
  await upload(installation, { owner, bytes });
  const later = await Promise.all(Array.from({ length: 10 }, () => upload(installation)));
  const job = await untilState(installation, poison, ['failed', 'ready'], { withinMs: 60_000 });
  expectThat(job.state === 'failed' && job.failure.code === 'ABANDONED', 'it failed as ABANDONED', job);
  for (const jobId of [...others, ...later])
    await untilState(installation, jobId, ['ready'], { withinMs: 60_000 });
  expectThat(
    fleet.every((each) => each.isAlive()),
    'the fleet lives',
  );
  const starts = (await historyOf(installation, poison)).filter(
    (type) => type === 'ConversionStarted',
  ).length;
  expectThat(starts === 3 && deaths === 3, 'it killed its worker three times', { starts, deaths });
  over = true;
  await Promise.all(fleet.map((each) => each.kill()));
  await Promise.all(supervising);
  return `ABANDONED after it killed 3 workers; 20 of 20 others ready, all processors up`;
}

/** In an installation without another processor. */
export const poison: Drill = {
  id: 'D31',
  title: 'a job that kills its worker, every time',
  small: true,
  run: poisonJob,
};
