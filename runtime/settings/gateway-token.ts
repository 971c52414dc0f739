import { givenSetting, SettingsRefused } from './settings.ts';

/** The least length of a token, in characters. A shorter token could be guessed. */
const TOKEN_CHARS_MIN = 16;

/**
 * The token that a gateway requires of its callers; undefined without a token.
 * @throws SettingsRefused for a token that is too short
 */
export function gatewayTokenIn(
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const token = givenSetting('GATEWAY_TOKEN', environment);
  if (token !== undefined && token.length < TOKEN_CHARS_MIN)
    throw new SettingsRefused([`GATEWAY_TOKEN: a token has ${TOKEN_CHARS_MIN} characters or more`]);
  return token;
}

/** The header with the token; no header when there is no token. */
export function gatewayAuthorization(token: string | undefined): { Authorization?: string } {
  return token === undefined ? {} : { Authorization: `Bearer ${token}` };
}
