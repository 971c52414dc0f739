import { readSecretFiles } from '../runtime/settings/secret-files.ts';
import { runGateway } from './run-gateway.ts';

/** Runs the gateway as a separate process, as `docket serve gateway` does. */
try {
  readSecretFiles(process.env);
  process.exit(await runGateway(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
