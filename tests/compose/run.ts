/**
 * `npm run check:compose`: tries the compose files. With a Docker Engine, it starts them from a copy of the checkout,
 * uses them, kills parts, upgrades them and removes them. Other containers are not touched. Without an engine, it
 * says this, and checks the files against the schema of the Compose Specification.
 */
import { COMPOSE_FILES, readComposeFile, schemaFaults } from './compose-files.ts';
import { findEngine, openProject } from './project.ts';
import { tryProject } from './try-project.ts';

let failed = 0;

/** Runs one check, prints the result, and returns true when the check holds. */
async function check(claim: string, holds: () => Promise<string | void>): Promise<boolean> {
  const startedMs = performance.now();
  let outcome = 'ok    ';
  let detail: string;
  try {
    detail = (await holds()) ?? '';
  } catch (error) {
    failed += 1;
    outcome = 'FAILED';
    detail = error instanceof Error ? error.message : String(error);
  }
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  console.log(`${outcome}  ${claim} (${seconds} s)${detail === '' ? '' : `: ${detail}`}`);
  return outcome === 'ok    ';
}

for (const name of COMPOSE_FILES)
  await check(`${name} is what the Compose Specification says`, async () => {
    const faults = schemaFaults(readComposeFile(name));
    if (faults.length > 0) throw new Error(faults.join('; '));
  });

const engine = await findEngine();
if (engine === null)
  console.log('No Docker Engine answers here: the files were held against the schema and not started.');
else {
  console.log(`Trying them on ${engine}.`);
  const project = await openProject();
  const remove = async (): Promise<void> => {
    const left = await project.remove();
    if (left.length > 0) throw new Error(`${left.join(' ')} stayed`);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void remove().finally(() => process.exit(130)));
  try {
    await tryProject(project, check);
  } finally {
    await check('it is taken down, and nothing stays behind', remove);
  }
}
console.log(failed === 0 ? 'The compose files hold.' : `${failed} checks failed.`);
process.exitCode = failed === 0 ? 0 : 1;
