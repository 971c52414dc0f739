import { givenSetting, SettingsRefused } from './settings.ts';

/** Fewer characters than this can be guessed. */
const TOKEN_CHARS_MIN = 16;

/**
 * The token that a gateway asks of its callers, or undefined when none is set.
 * @throws SettingsRefused when it is too short
 */
export function gatewayTokenIn(
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const token = givenSetting('GATEWAY_TOKEN', environment);
  if (token !== undefined && token.length < TOKEN_CHARS_MIN)
    throw new SettingsRefused([`GATEWAY_TOKEN: a token has ${TOKEN_CHARS_MIN} characters or more`]);
  return token;
}

/** The header that carries the token; none without one. */
export function gatewayAuthorization(token: string | undefined): { Authorization?: string } {
  return token === undefined ? {} : { Authorization: `Bearer ${token}` };
}
