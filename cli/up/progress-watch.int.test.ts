import { afterEach, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpuMsOfGroup } from '../../runtime/metrics/cpu-time.ts';
import { eventually } from '../../tests/harness/processor-world.ts';

let leader: ChildProcess | undefined;
afterEach(async () => {
  if (leader?.pid === undefined) return;
  const ended = once(leader, 'exit');
  process.kill(-leader.pid, 'SIGKILL');
  leader = undefined;
  await ended;
});

const grows = async (groupId: number): Promise<boolean> => {
  const before = cpuMsOfGroup(groupId) ?? 0;
  await new Promise((resolve) => setTimeout(resolve, 300));
  return (cpuMsOfGroup(groupId) ?? 0) > before;
};

it('sees that a group moves on when only a child of its leader works, and that it stands still', async () => {
  // The leader waits; its child works for as long as it is let.
  leader = spawn('sh', ['-c', 'sh -c "while :; do :; done" & wait'], { detached: true, stdio: 'ignore' });
  const { pid = 0 } = leader;
  await eventually(() => grows(pid), 20_000, 'the group moved on');
  process.kill(-pid, 'SIGSTOP');
  await eventually(async () => !(await grows(pid)), 20_000, 'the group stood still');
  process.kill(-pid, 'SIGCONT');
  await eventually(() => grows(pid), 20_000, 'the group moved on again');
}, 90_000);

it('knows nothing of a group that is not there', () => {
  expect(cpuMsOfGroup(0x7fffffff)).toBeUndefined();
});
