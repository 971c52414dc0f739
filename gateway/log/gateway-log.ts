/** The part of a pino logger that the gateway uses. */
export interface GatewayLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Writes one JSON object a line to stderr, for a gateway that was started without a logger. */
export function stderrLog(): GatewayLog {
  // A full disk or a closed pipe must not end the process that writes the log.
  process.stderr.on('error', () => undefined);
  const write = (level: string) => (fields: object, message: string) => {
    process.stderr.write(
      `${JSON.stringify({ level, time: new Date().toISOString(), service: 'gateway', msg: message, ...readable(fields) })}\n`,
    );
  };
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

function readable(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]: [string, unknown]) => [
      key,
      value instanceof Error ? { name: value.name, message: value.message } : value,
    ]),
  );
}
