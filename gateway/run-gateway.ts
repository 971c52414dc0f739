import { parseArgs } from 'node:util';
import { gatewayTokenIn } from '../runtime/settings/gateway-token.ts';
import { CliFailure } from './commands/cli-failure.ts';
import { stderrLog } from './log/gateway-log.ts';
import { MappingInvalid } from './mapping/mapping-invalid.ts';
import { startGateway, type RunningGateway } from './server.ts';
import { givenSetting } from '../runtime/settings/settings.ts';
import type { Settings } from '../schemas/settings/config.ts';

/** A stop normally takes at most 18 s. After this time, the process ends in any case. */
const STOP_MS_MAX = 20_000;

/**
 * Runs the gateway as a process, until SIGTERM or SIGINT. Settings from the environment or the arguments: PORT
 * (--port), HOST (--host), GATEWAY_CHILDREN (--children), GATEWAY_MAPPINGS (--mappings, a folder of further
 * mappings). Settings only from the environment, because other users can see arguments: GATEWAY_TOKEN, GATEWAY_OCR
 * (on or off), EXIT_WITH_PARENT=1 (end when the IPC parent has ended). Prints one line, {"ready":true,"port":N}, when
 * it can convert.
 *
 * @returns the process's exit code: 0
 * @throws CliFailure GATEWAY_FAILED when it cannot start
 */
export async function runGateway(argv: readonly string[]): Promise<number> {
  const log = stderrLog();
  let gateway: RunningGateway;
  try {
    gateway = await startGateway({ ...optionsOf(argv), log });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const why = error instanceof MappingInvalid ? `invalid mapping ${message}` : message;
    throw new CliFailure('GATEWAY_FAILED', `The gateway cannot start: ${why}`, { cause: error });
  }
  const asked = Promise.withResolvers<string>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => asked.resolve(signal));
  if (process.env['EXIT_WITH_PARENT'] === '1' && process.channel)
    process.on('disconnect', () => asked.resolve('parent gone'));
  process.stdout.write(`${JSON.stringify({ ready: true, port: gateway.port })}\n`);
  log.info({ why: await asked.promise }, 'gateway stopping');
  setTimeout(() => process.exit(1), STOP_MS_MAX).unref();
  await gateway.close();
  return 0;
}

/**
 * Reads the options of the gateway.
 * @throws TypeError, RangeError, SettingsRefused
 */
function optionsOf(argv: readonly string[]) {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      port: { type: 'string' },
      host: { type: 'string' },
      children: { type: 'string' },
      mappings: { type: 'string' },
    },
  });
  const host = setting(values.host, 'HOST');
  const mappingFolder = setting(values.mappings, 'GATEWAY_MAPPINGS');
  const token = gatewayTokenIn(process.env);
  const ocr = setting(undefined, 'GATEWAY_OCR') ?? 'on';
  if (ocr !== 'on' && ocr !== 'off') throw new RangeError('GATEWAY_OCR must be on or off.');
  return {
    ocr: ocr === 'on',
    port: wholeNumber(setting(values.port, 'PORT'), 0, 'PORT', 65_535),
    children: Math.max(
      1,
      wholeNumber(setting(values.children, 'GATEWAY_CHILDREN'), 2, 'GATEWAY_CHILDREN', 64),
    ),
    ...(host === undefined ? {} : { host }),
    ...(token === undefined ? {} : { token }),
    ...(mappingFolder === undefined ? {} : { mappingFolder }),
  };
}

function setting(argument: string | undefined, name: keyof Settings): string | undefined {
  const value = argument ?? givenSetting(name, process.env);
  return value === undefined || value === '' ? undefined : value;
}

function wholeNumber(text: string | undefined, fallback: number, name: string, max: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new RangeError(`${name} must be a whole number from 0 to ${max}.`);
}
