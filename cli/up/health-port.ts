import type { Settings } from '../../schemas/config.ts';
import { freePort, isTaken, portOr } from './free-port.ts';
import type { HealthAddress } from './until-ready.ts';

/** Other ports that one start of the services tries, when each is taken before they listen. */
const OTHER_PORTS_MAX = 3;

/** Where the services answer `/health`, `/ready` and `/metrics`. */
export interface HealthPort {
  address(): HealthAddress;
  /**
   * Starts the services. If HEALTH_CHECK_PORT is unset and another program took the port that was found free, another
   * free port is chosen and the start is retried.
   *
   * @param start rejects when the services end before they listen
   */
  startOn<Started>(stop: AbortSignal, start: (port: number) => Promise<Started>): Promise<Started>;
}

/**
 * Chooses the port: the one that the environment names, otherwise the usual one, or a free one when another Docket has
 * that. A port that is free now can be taken before the services listen, by a Docket that starts in the same moment.
 *
 * @param tell.note given the address as a URL, now and each time that it is another one
 * @throws PortUnavailable when the port that the environment names cannot be used
 */
export async function healthPort(
  settings: Pick<Settings, 'HEALTH_CHECK_PORT' | 'HEALTH_CHECK_HOST'>,
  isAsked: boolean,
  tell: { readonly note: (url: string) => void; readonly say: (line: string) => void },
): Promise<HealthPort> {
  const { HEALTH_CHECK_HOST: host, HEALTH_CHECK_PORT: usual } = settings;
  let port = await portOr(isAsked ? usual : null, usual, host);
  // Port 0 asks for any.
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
