/**
 * `npm run test:store -- esdb://...` checks whether a server does everything that Docket needs, over both transports
 * in turn (`docket store check`). It deletes everything that it writes. It ends with `N passed, N failed`, one line
 * for each transport.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const DOCKET = join(import.meta.dirname, '..', 'cli', 'docket.ts');
const [address] = process.argv.slice(2);
if (address === undefined) {
  console.error('Name the server: npm run test:store -- esdb://127.0.0.1:2113?tls=false');
  process.exit(2);
}
const failed = ['auto', 'client'].filter((transport) => {
  console.log(`EVENTSTORE_TRANSPORT=${transport}`);
  const { status } = spawnSync(process.execPath, [DOCKET, 'store', 'check', address], {
    stdio: 'inherit',
    env: { ...process.env, EVENTSTORE_TRANSPORT: transport },
  });
  return status !== 0;
});
console.log(`${2 - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
