import { freePort } from '../../cli/up/free-port.ts';
import { startInstallation, type Installation } from '../harness/installation.ts';

/** An instance that is attacked over its public port. */
export interface Target {
  readonly url: string;
  /** For raw connections; always of 127.0.0.1. */
  readonly port: number;
  /** The instance as we started it; null when `--url` named it. */
  readonly installation: Installation | null;
}

/** An instance that we started ourselves: its files, processes and metrics can be looked at. */
export interface OwnTarget extends Target {
  readonly installation: Installation;
}

/** The instances of one run, each started when it is first asked for. */
export interface Targets {
  /** The one that `--url` named, otherwise our own with the default settings. */
  any(): Promise<Target>;
  /** One of our own; with settings, an instance apart from the default one, of which one runs at a time. */
  own(settings?: Readonly<Record<string, string>>): Promise<OwnTarget>;
  /** Ends the instance with settings, if there is one: something that it was given is about to go. */
  release(): Promise<void>;
  stop(): Promise<void>;
}

/** One address makes all attacks of a run; the limits of an address and an owner have attacks of their own. */
const ROOMY = { REQUEST_RATE_PER_MINUTE: '1000000', UPLOAD_RATE_PER_MINUTE: '100000' } as const;

/** @param url address of a running instance of this machine, or null */
export function openTargets(url: string | null): Targets {
  let roomy: Promise<OwnTarget> | null = null;
  let special: { readonly key: string; readonly target: Promise<OwnTarget> } | null = null;

  const stopSpecial = async (): Promise<void> => {
    const stopping = special;
    special = null;
    await (await stopping?.target)?.installation.stop();
  };
  const own: Targets['own'] = async (settings) => {
    if (settings === undefined) return (roomy ??= start(ROOMY));
    const key = JSON.stringify(settings);
    if (special?.key !== key) {
      await stopSpecial();
      special = { key, target: start(settings) };
    }
    return special.target;
  };
  return {
    own,
    release: stopSpecial,
    any: async () => (url === null ? own() : { url, port: portOf(url), installation: null }),
    stop: async () => {
      await stopSpecial();
      await (await roomy)?.installation.stop();
    },
  };
}

async function start(env: Record<string, string>): Promise<OwnTarget> {
  // With a PUBLIC_URL the instance says that address, which leads to no port of this machine.
  const port = await freePort();
  const installation = await startInstallation({ env, port });
  return { installation, port, url: `http://localhost:${port}` };
}

function portOf(url: string): number {
  return Number(new URL(url).port || 80);
}
