import type { Settings } from '../../schemas/settings/config.ts';
import { freePort, isTaken, portOr } from './free-port.ts';
import type { HealthAddress } from './until-ready.ts';

/** Number of other ports that one start tries, because another program may take a port before the services listen. */
const OTHER_PORTS_MAX = 3;

/** The port on which the services answer `/health`, `/ready` and `/metrics`. */
export interface HealthPort {
  address(): HealthAddress;
  /**
   * Starts the services. If HEALTH_CHECK_PORT is unset and another program took the chosen port, it chooses another
   * free port and retries.
   *
   * @param start rejects when the services end before they listen
   */
  startOn<Started>(stop: AbortSignal, start: (port: number) => Promise<Started>): Promise<Started>;
}

/**
 * Chooses the port: the port of the environment, otherwise the usual port, or a free port when the usual port is
 * taken. A Docket that starts at the same moment can still take a free port before the services listen.
 *
 * @param tell.note receives the address as a URL, now and after each change
 * @throws PortUnavailable when the port of the environment is taken
 */
export async function healthPort(
  settings: Pick<Settings, 'HEALTH_CHECK_PORT' | 'HEALTH_CHECK_HOST'>,
  isAsked: boolean,
  tell: { readonly note: (url: string) => void; readonly say: (line: string) => void },
): Promise<HealthPort> {
  const { HEALTH_CHECK_HOST: host, HEALTH_CHECK_PORT: usual } = settings;
  let port = await portOr(isAsked ? usual : null, usual, host);
  // Port 0 requests any free port.
  const isFixed = isAsked && usual !== 0;
  const note = (): void => tell.note(`http://${host.includes(':') ? `[${host}]` : host}:${port}`);
  note();
  return {
    address: () => ({ host, port }),
    startOn: async (stop, start) => {
      for (let others = 0; ; others += 1)
        try {
          return await start(port);
        } catch (error) {
          if (isFixed || stop.aborted || others === OTHER_PORTS_MAX || !(await isTaken(port, host)))
            throw error;
          const taken = port;
          port = await freePort(host);
          tell.say(`port ${taken} was taken meanwhile; /health, /ready and /metrics are on port ${port}`);
          note();
        }
    },
  };
}
