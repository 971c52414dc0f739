import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { pagePictureScale } from '../schemas/gateway-explanation.ts';
import { CliFailure, mappingFolder, readGiven } from './cli-failure.ts';
import { openCliPool } from './cli-pool.ts';
import { DEFAULT_MAPPING, loadMappings } from './mapping/registry.ts';

const USAGE = 'Say: docket explain FILE [--mapping ID] [--image OUT.png [--page N]] [--mappings FOLDER].';

/**
 * `docket explain FILE --mapping ID`: prints as JSON how a document is read; `--image` also draws a page with boxes.
 * @returns the process's exit code: 0
 * @throws CliFailure when the document cannot be read, or for a wrong call
 */
export async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      mapping: { type: 'string', default: DEFAULT_MAPPING },
      image: { type: 'string' },
      page: { type: 'string', default: '1' },
      mappings: { type: 'string' },
      // It prints JSON with it and without.
      json: { type: 'boolean' },
    },
  });
  const [file] = positionals;
  const imagePage = Number(values.page);
  if (file === undefined || !Number.isInteger(imagePage) || imagePage < 1)
    throw new CliFailure('USAGE', USAGE);
  const pdf = readGiven(file);
  const drawing = values.image !== undefined;
  const pool = await openCliPool({ drawing, mappings: loadMappings(mappingFolder(values.mappings)).own() });
  try {
    const task = { mappingId: values.mapping, parameters: {}, pdf };
    if (values.image !== undefined) {
      const picture = await pool.run({
        ...task,
        kind: 'explain-image',
        picture: { page: imagePage, draw: 'boxes', scale: pagePictureScale.default },
      });
      if (!picture.ok) throw refused(picture);
      writeFileSync(values.image, picture.body);
      process.stderr.write(`Picture of page ${imagePage}: ${values.image}\n`);
    }
    const outcome = await pool.run({ ...task, kind: 'explain' });
    if (!outcome.ok) throw refused(outcome);
    process.stdout.write(`${JSON.stringify(JSON.parse(new TextDecoder().decode(outcome.body)), null, 2)}\n`);
    return 0;
  } finally {
    await pool.close(0);
  }
}

function refused({ code, message }: { code: string; message: string }): CliFailure {
  return new CliFailure('DOCUMENT_REFUSED', `${code}: ${message}`);
}
