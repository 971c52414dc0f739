import { readFileSync } from 'node:fs';
import { SettingsRefused } from './settings.ts';

/** Fewer characters than this can be guessed. */
const TOKEN_CHARS_MIN = 16;

/**
 * The token that the gateway asks for and its callers send: `GATEWAY_TOKEN`, or what the file `GATEWAY_TOKEN_FILE`
 * holds, without the white space around it. Undefined when neither is set.
 * @throws SettingsRefused when the file cannot be read or the token is too short
 */
export function gatewayTokenOf(settings: {
  readonly GATEWAY_TOKEN?: string | undefined;
  readonly GATEWAY_TOKEN_FILE?: string | undefined;
}): string | undefined {
  const { GATEWAY_TOKEN: given, GATEWAY_TOKEN_FILE: file } = settings;
  const token = given ?? (file === undefined ? undefined : tokenIn(file));
  if (token !== undefined && token.length < TOKEN_CHARS_MIN)
    throw new SettingsRefused([
      `${given === undefined ? 'GATEWAY_TOKEN_FILE' : 'GATEWAY_TOKEN'}: a token has ${TOKEN_CHARS_MIN} characters or more`,
    ]);
  return token;
}

/** The header that carries the token; none without one. */
export function gatewayAuthorization(token: string | undefined): { Authorization?: string } {
  return token === undefined ? {} : { Authorization: `Bearer ${token}` };
}

function tokenIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SettingsRefused([`GATEWAY_TOKEN_FILE cannot be read: ${why}`], { cause: error });
  }
}
