import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  gatewayExplanationSchema,
  pagePictureScale,
  type GatewayExplanation,
} from '../../schemas/protocols/gateway-explanation.ts';
import { CliFailure, mappingFolder, readGiven } from './cli-failure.ts';
import { openCliPool } from './cli-pool.ts';
import { explanationTable } from '../explain/explanation-table.ts';
import { DEFAULT_MAPPING, loadMappings } from '../mapping/registry.ts';
import type { ConverterOutcome } from '../protocol/child-protocol.ts';

const USAGE =
  'Say: docket explain FILE [--mapping ID] [--param NAME=VALUE]... [--image OUT.png [--page N]] [--mappings FOLDER] [--json].';

/**
 * `docket explain FILE --mapping ID`: prints the values that are read from a document, as a table. With `--json` it
 * prints the gateway's answer. `--param` gives the mapping a parameter, as an upload does. `--image` also draws a
 * page with boxes.
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
      param: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean' },
    },
  });
  const [file] = positionals;
  const imagePage = Number(values.page);
  if (file === undefined || !Number.isInteger(imagePage) || imagePage < 1)
    throw new CliFailure('USAGE', USAGE);
  const parameters = Object.fromEntries(values.param.map(parameterOf));
  const pdf = readGiven(file);
  const drawing = values.image !== undefined;
  const pool = await openCliPool({ drawing, mappings: loadMappings(mappingFolder(values.mappings)).own() });
  try {
    const task = { mappingId: values.mapping, parameters, pdf };
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
    const told = gatewayExplanationSchema.parse(JSON.parse(new TextDecoder().decode(outcome.body)));
    // Only a conversion shows whether the parameters are valid.
    const converted = values.param.length === 0 ? null : await pool.run({ ...task, kind: 'convert' });
    const explanation = converted === null ? told : { ...told, result: resultOf(converted) };
    process.stdout.write(
      `${values.json === true ? JSON.stringify(explanation, null, 2) : explanationTable(explanation)}\n`,
    );
    return 0;
  } finally {
    await pool.close(0);
  }
}

/**
 * Splits `NAME=VALUE`.
 * @throws CliFailure for any other text
 */
function parameterOf(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw new CliFailure('USAGE', `--param takes NAME=VALUE, not ${text}.`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function resultOf(outcome: ConverterOutcome): GatewayExplanation['result'] {
  return outcome.ok ? { code: 'OK' } : { code: outcome.code, message: outcome.message };
}

function refused({ code, message }: { code: string; message: string }): CliFailure {
  return new CliFailure('DOCUMENT_REFUSED', `${code}: ${message}`);
}
