/** The conditions of machines, in the order of the table. The ids M1 to M15 are those of the list they were found in. */
import { demand, type Condition, type Machine } from './condition.ts';
import { ends } from './conditions-ends.ts';
import { places } from './conditions-places.ts';
import { variables } from './conditions-variables.ts';
import { works } from './works.ts';
import type { Tools } from './versions.ts';

const fresh = (id: string, tools: Tools): Condition => ({
  id,
  what: `a fresh clone under npm ${tools.npm} and Node ${tools.node}`,
  run: async (machine) => {
    await works(machine, { checkout: await machine.freshCheckout(), tools });
  },
});

/** `npm test` of one folder, twice: the first may have to install. */
async function testsRun(machine: Machine, checkout: string): Promise<void> {
  for (const turn of ['first', 'second']) {
    const npmArgs = ['test', '--', 'conversion-job/decide', '--maxWorkers=1'];
    const started = await machine.start({ checkout, npmArgs });
    const { code } = await started.end();
    demand(
      code === 0 && /^[1-9]\d* passed, 0 failed$/m.test(started.stdout()),
      `${turn}: ${started.stderr()}`,
    );
  }
}

const versions: readonly Condition[] = [
  fresh('npm9.9', { npm: '9.9', node: '20' }),
  fresh('npm10.2', { npm: '10.2', node: '20' }),
  fresh('npm10.8', { npm: '10.8', node: '20' }),
  fresh('npm10.9', { npm: '10.9', node: '22' }),
  fresh('npm11.0', { npm: '11.0', node: '22' }),
  fresh('npm-newest', { npm: 'latest', node: '24' }),
  fresh('node-newest', { npm: 'latest', node: 'latest' }),
  fresh('node18', { npm: '10.8', node: '18' }),
  fresh('node20.0', { npm: '9.6', node: '20.0.0' }),
  {
    id: 'node16',
    what: 'too old a Node says so in one sentence',
    cheap: true,
    run: async (machine) => {
      const checkout = await machine.freshCheckout();
      const started = await machine.start({ checkout, tools: { npm: '9.9', node: '16' } });
      demand((await started.end(60_000)).code !== 0, 'it ended with 0');
      const sentences = started
        .stderr()
        .split('\n')
        .filter((line) => line.startsWith('Docket: '));
      demand(
        /^Docket: Docket needs Node \d+ or newer/.test(sentences.join('\n')),
        `it says: ${started.stderr()}`,
      );
    },
  },
  {
    id: 'M1',
    what: '`npm test` under npm 10.8 and Node 20, twice',
    run: async (machine) => testsRun(machine, await machine.installedCheckout()),
  },
  {
    id: 'M1-fresh',
    what: 'the same on a fresh clone',
    run: async (machine) => testsRun(machine, await machine.freshCheckout()),
  },
];

/** Other package managers run the script; npm installs for them. */
const managers: readonly Condition[] = (['yarn', 'pnpm'] as const).map((name) => ({
  id: name,
  what: `\`${name} start\` of a fresh clone`,
  run: async (machine) => {
    const tools = { npm: 'latest', node: '24' };
    await works(machine, { checkout: await machine.freshCheckout(), tools, manager: name });
  },
}));

export const CONDITIONS: readonly Condition[] = [...versions, ...managers, ...variables, ...places, ...ends];
