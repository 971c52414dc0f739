import { parseArgs } from 'node:util';
import { stderrLog } from './log.ts';
import { MappingInvalid } from './mapping/registry.ts';
import { startGateway } from './server.ts';

/**
 * The gateway's own process. Environment or arguments: PORT (--port), HOST (--host), GATEWAY_CHILDREN (--children),
 * GATEWAY_MAPPINGS (--mappings, a folder of further mappings), EXIT_WITH_PARENT=1 (end when the IPC parent is gone).
 * Prints one line, {"ready":true,"port":N}, when it can convert.
 */
const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    host: { type: 'string' },
    children: { type: 'string' },
    mappings: { type: 'string' },
  },
});
const log = stderrLog();

function setting(argument: string | undefined, name: string): string | undefined {
  const value = argument ?? process.env[name];
  return value === undefined || value === '' ? undefined : value;
}

function wholeNumber(text: string | undefined, fallback: number, name: string, max: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new RangeError(`${name} must be a whole number from 0 to ${max}.`);
}

try {
  const host = setting(values.host, 'HOST');
  const mappingFolder = setting(values.mappings, 'GATEWAY_MAPPINGS');
  const gateway = await startGateway({
    port: wholeNumber(setting(values.port, 'PORT'), 0, 'PORT', 65_535),
    children: Math.max(
      1,
      wholeNumber(setting(values.children, 'GATEWAY_CHILDREN'), 2, 'GATEWAY_CHILDREN', 64),
    ),
    ...(host === undefined ? {} : { host }),
    ...(mappingFolder === undefined ? {} : { mappingFolder }),
    log,
  });
  let stopping = false;
  const stop = (why: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ why }, 'gateway stopping');
    // The drain ends within 18 s; this is for the case that it does not.
    setTimeout(() => process.exit(1), 20_000).unref();
    void gateway.close().then(() => process.exit(0));
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(signal));
  if (process.env['EXIT_WITH_PARENT'] === '1' && process.channel)
    process.on('disconnect', () => stop('parent gone'));
  process.stdout.write(`${JSON.stringify({ ready: true, port: gateway.port })}\n`);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    `The gateway cannot start: ${error instanceof MappingInvalid ? `invalid mapping ${message}` : message}\n`,
  );
  process.exit(1);
}
