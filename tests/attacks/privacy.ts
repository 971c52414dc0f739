import { expectThat } from '../drills/claims.ts';
import { runDocket } from '../harness/run-docket.ts';
import { NotApplicable, type AttackCategory } from './attack.ts';
import type { Targets } from './targets.ts';
import { newVisitor } from './visitor.ts';

async function erasure(targets: Targets): Promise<string> {
  const visitor = await newVisitor(await targets.any());
  for (const path of ['/api/me', '/api/jobs', '/api/ops/owners/x']) {
    const { status } = await visitor.ask(path, { method: 'DELETE' });
    expectThat(status === 404 || status === 405, `DELETE ${path} erases nothing`, status);
  }
  const { code } = await runDocket(['erase', 'somebody']);
  expectThat(code === 2, 'there is no command that erases', code);
  throw new NotApplicable(
    'erasure of a person',
    'file names and messages stay in the log, its exports and backups',
  );
}

export const privacy: AttackCategory = {
  name: 'privacy',
  attacks: [{ id: 'A-PR01', title: 'what is left of a person after erasure', cheap: true, run: erasure }],
};
