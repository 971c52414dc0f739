import { describe, expect, it } from '@jest/globals';
import { secretFileVariable, SECRET_SETTINGS, Settings } from '../../schemas/settings/config.ts';
import { COMPOSE_FILES, readComposeFile, schemaFaults, type ComposeService } from './compose-files.ts';

const main = readComposeFile('docker-compose.yml');
const services = Object.entries(main.services);
const service = (name: string): ComposeService => main.services[name]!;
const STORES = ['eventstore', 'postgres', 'blobs'];
/** Those that run our image. */
const OWN = services.filter(([, { image }]) => image === service('image').image).map(([name]) => name);
const SERVED = OWN.filter((name) => !['image', 'docket'].includes(name));

const namesOf = (name: string, suffix: string): string[] =>
  Object.entries(service(name).environment ?? {})
    .filter(([variable]) => variable.endsWith(suffix))
    .map(([, path]) => path.replace('/run/secrets/', ''))
    .sort();

describe('the compose files', () => {
  it.each(COMPOSE_FILES)('%s is what the Compose Specification says', (name) => {
    expect(schemaFaults(readComposeFile(name))).toEqual([]);
  });

  it.each([
    ['an unknown key', { services: { edge: { imagee: 'caddy' } } }, 'imagee'],
    ['a wrong type', { services: { edge: { image: ['caddy'] } } }, 'edge'],
    ['an unknown section', { servics: {} }, 'servics'],
  ])('are refused for %s, by the same check', (_what, file, named) => {
    expect(schemaFaults(file).join('\n')).toContain(named);
  });

  it('pin each image by version, and by digest where it is known', () => {
    for (const [name, { image }] of services) {
      if (OWN.includes(name)) continue;
      expect(image).toMatch(/:\d+\.\d+[^:@]*(@sha256:[0-9a-f]{64})?\}$/);
      expect(image).not.toContain('latest');
    }
  });

  it('publish no port but those of the edge', () => {
    expect(services.filter(([, { ports }]) => ports !== undefined).map(([name]) => name)).toEqual(['edge']);
  });

  it('bound the memory and the log of each service that stays', () => {
    const bounded = services.filter(([name]) => !['image', 'bucket'].includes(name));
    for (const [, { mem_limit: memory, logging }] of bounded) {
      expect(memory).toBeDefined();
      expect(logging).toEqual({ driver: 'json-file', options: { 'max-size': '10m', 'max-file': '5' } });
    }
  });
});

describe('the networks of the compose file', () => {
  const sharedBy = (one: string, other: string): string[] =>
    (service(one).networks ?? []).filter((network) => service(other).networks?.includes(network));

  it.each([...STORES, 'edge', 'projector', 'sealer'])('part the gateway and %s', (other) => {
    expect(sharedBy('gateway', other)).toEqual([]);
  });

  it.each(STORES)('part the edge and %s', (store) => {
    expect(sharedBy('edge', store)).toEqual([]);
  });

  it('lead outside from the edge alone', () => {
    const open = Object.entries(main.networks ?? {}).filter(([, network]) => network.internal !== true);
    expect(open.map(([name]) => name)).toEqual(['outside']);
    expect(
      services.filter(([, { networks }]) => networks?.includes('outside')).map(([name]) => name),
    ).toEqual(['edge']);
  });

  it('join each service with the stores that its settings name', () => {
    const stores = { EVENTSTORE_URL_FILE: 'eventstore', DATABASE_URL_FILE: 'postgres', S3_BUCKET: 'blobs' };
    for (const name of SERVED)
      for (const [variable, store] of Object.entries(stores))
        expect([name, store, sharedBy(name, store).length > 0]).toEqual([
          name,
          store,
          Object.hasOwn(service(name).environment ?? {}, variable),
        ]);
  });
});

describe('the mappings of an operator', () => {
  it('are a folder of the machine that the gateway and the commands alone see, to be read and not written', () => {
    const mount = '${MAPPINGS_DIR:-./mappings}:/mappings:ro';
    const seen = services.filter(([, { volumes }]) => volumes?.includes(mount)).map(([name]) => name);
    const named = services.filter(([, { environment }]) => environment?.['GATEWAY_MAPPINGS'] === '/mappings');
    expect(seen).toEqual(['gateway', 'docket']);
    expect(named.map(([name]) => name)).toEqual(seen);
  });
});

describe('the secrets of the compose file', () => {
  it('are files of those whose settings name them, and of nobody else', () => {
    for (const name of OWN) expect([name, ...namesOf(name, '_FILE')]).toEqual([name, ...secretsOf(name)]);
    expect(service('gateway').secrets).toEqual(['gateway-token']);
    const withSessions = SERVED.filter((name) => secretsOf(name).includes('session-secret'));
    expect(withSessions).toEqual(['command-api', 'query-api']);
  });

  it('are in no environment', () => {
    const names = new Set<string>(SECRET_SETTINGS);
    for (const name of OWN)
      expect(Object.keys(service(name).environment ?? {}).filter((each) => names.has(each))).toEqual([]);
  });

  it('are named by settings that there are', () => {
    const files = new Set(SECRET_SETTINGS.map(secretFileVariable));
    for (const name of OWN)
      for (const variable of Object.keys(service(name).environment ?? {}))
        expect(Object.hasOwn(Settings.shape, variable) || files.has(variable)).toBe(true);
  });

  it('are all used', () => {
    const used = new Set(services.flatMap(([, { secrets }]) => secrets ?? []));
    expect(Object.keys(main.secrets ?? {}).sort()).toEqual([...used].sort());
  });

  it('include the key of seals, which is in a volume that services share with nobody', () => {
    const sharers = SERVED.filter((name) =>
      service(name).volumes?.some((volume) => volume.includes('docket-data')),
    );
    expect(sharers).toEqual(['sealer']);
  });
});

function secretsOf(name: string): string[] {
  return [...(service(name).secrets ?? [])].sort();
}
