/** The import rules of Docket (ARCHITECTURE.md, "Rooms"). CI fails when one is broken. */
const SERVICES = ['command-api', 'processor', 'gateway', 'projector', 'query-api'];
/** Rooms that read the whole log for people: only cli composes them. */
const KEEPING = ['audit', 'archive'];
const SUPPORT = ['conversion-job', 'event-store', 'read-store', 'blob-store', 'identity', 'runtime'];

/** Production code only: a test may set up whatever it needs. */
const from = (folder) => ({ path: `^${folder}/`, pathNot: '\\.test\\.ts$' });

/**
 * The layers of each room that has several, the higher first: one imports from those after it, never from one before it.
 * A layer is a folder, or one file of the top level; '.' is all other files of the top level.
 */
const LAYERS_TOP_DOWN = {
  'command-api': [
    '.',
    'upload',
    'commands',
    'write-side.ts',
    'early-answer.ts',
    'rejected-uploads.ts',
    'upload-metrics.ts',
    'owner-storage',
    'idempotency',
    'admission',
  ],
  processor: [
    '.',
    'feeder',
    'leases',
    'attempts',
    'circuit-breaker',
    'gateway-call',
    'retention',
    'job-stream',
    'work-list',
    'migrations',
  ],
  'query-api': [
    '.',
    'live',
    'dashboard',
    'one-job',
    'queue',
    'past',
    'downloads',
    'web-app',
    'request',
    'change-feed',
    'tables',
    'tokens',
  ],
  gateway: [
    '.',
    'commands',
    'accuracy',
    'http',
    'pool',
    'conversion',
    'explain',
    'detect',
    'embedded',
    'invoice',
    'timetable',
    'layout',
    'ocr',
    'checks',
    'formats',
    'output',
    'rules',
    'reading',
    'found-invoice',
    'printed',
    'pdf',
    'values',
    'protocol',
    'mapping',
    'log',
  ],
  projector: ['.', 'versions', 'registry.ts', 'verify', 'following', 'targets.ts', 'dashboard', 'jobs'],
  cli: [
    '.',
    'commands',
    'serve',
    'reach-log.ts',
    'open-stores.ts',
    'up',
    'progress.ts',
    'event-store-access.ts',
    'connections.ts',
    'stop-asked.ts',
    'plain-failure.ts',
  ],
  'event-store': [
    '.',
    'transport.ts',
    'lean',
    'client',
    'live-tail',
    'calls',
    'wire',
    'event-filter.ts',
    'errors.ts',
    'store-faults.ts',
    'event-log.ts',
  ],
  'event-store-server': ['.', 'service', 'access', 'storage'],
  'read-store': ['projection-engine', '.'],
  'read-tables': ['.', 'jobs', 'dashboard'],
  runtime: ['http', '.', 'settings', 'metrics', 'log', 'launcher'],
  schemas: ['protocols', 'job-commands.ts', 'events', 'settings', 'errors', '.'],
  simulation: ['.', 'promises', 'actors', 'installation.ts', 'composition.ts', 'records', 'ports', 'engine'],
  web: ['.', 'src', 'live-client'],
};
const isFile = (layer) => layer.endsWith('.ts');
/** The paths of one layer of a room, as the part of a pattern after `room/`. */
const pathsOf = (layer, layers) => {
  if (isFile(layer)) return `${layer.replace('.', '\\.')}$`;
  if (layer !== '.') return `${layer}/`;
  const named = layers.filter(isFile).map((file) => pathsOf(file, layers));
  return named.length === 0 ? '[^/]+$' : `(?!${named.join('|')})[^/]+$`;
};
/** No import runs up inside a room, and a folder that the list above does not name imports nothing. */
const noImportRunsUp = ([room, layers]) => [
  ...layers.slice(1).map((layer, at) => ({
    name: `${room}-${layer}-imports-nothing-above-it`,
    severity: 'error',
    from: { path: `^${room}/${pathsOf(layer, layers)}`, pathNot: '\\.test\\.ts$' },
    to: {
      path: `^${room}/(${layers
        .slice(0, at + 1)
        .map((higher) => pathsOf(higher, layers))
        .join('|')})`,
    },
  })),
  {
    name: `${room}-lists-its-folders`,
    severity: 'error',
    from: {
      path: `^${room}/[^/]+/`,
      pathNot: `^${room}/(${layers.filter((layer) => !isFile(layer)).join('|')})/`,
    },
    to: {},
  },
];

module.exports = {
  forbidden: [
    ...Object.entries(LAYERS_TOP_DOWN).flatMap(noImportRunsUp),
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    ...SERVICES.map((service) => ({
      name: `${service}-imports-no-other-service`,
      severity: 'error',
      from: from(service),
      to: {
        path: `^(${[...SERVICES.filter((other) => other !== service), ...KEEPING, 'web', 'cli', 'tests', 'bench', 'simulation'].join('|')})/`,
      },
    })),
    ...SUPPORT.map((room) => ({
      name: `${room}-imports-schemas-and-itself`,
      severity: 'error',
      from: from(room),
      to: {
        path: `^(${[...SERVICES, ...KEEPING, ...SUPPORT.filter((other) => other !== room && other !== 'runtime'), 'web', 'cli', 'tests', 'bench', 'simulation'].join('|')})/`,
      },
    })),
    ...KEEPING.map((room) => ({
      name: `${room}-imports-no-service`,
      severity: 'error',
      from: from(room),
      to: {
        path: `^(${[...SERVICES, ...KEEPING.filter((other) => other !== room), 'identity', 'web', 'cli', 'tests', 'bench', 'simulation'].join('|')})/`,
      },
    })),
    {
      name: 'schemas-import-zod-only',
      severity: 'error',
      from: from('schemas'),
      to: { pathNot: '^(schemas/|node_modules/zod/|(zod|crypto)$)', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'conversion-job-is-pure',
      severity: 'error',
      from: from('conversion-job'),
      to: { pathNot: '^(schemas|conversion-job)/' },
    },
    {
      name: 'runtime-imports-schemas-only',
      severity: 'error',
      from: from('runtime'),
      to: {
        path: `^(${[...SERVICES, 'conversion-job', 'event-store', 'read-store', 'blob-store', 'identity', ...KEEPING, 'web', 'cli'].join('|')})/`,
      },
    },
    {
      name: 'a-rebuild-has-no-side-effects',
      severity: 'error',
      from: from('projector'),
      to: { path: '^(event-store/calls/append|event-store/handle-command|blob-store/|gateway/)' },
    },
    {
      name: 'the-gateway-stands-alone',
      severity: 'error',
      from: from('gateway'),
      to: { path: '^(conversion-job|event-store|read-store|blob-store|identity)/' },
    },
    {
      name: 'web-imports-types-of-schemas-only',
      severity: 'error',
      from: from('web'),
      to: {
        path: `^(${[...SERVICES, ...KEEPING, ...SUPPORT, 'read-tables', 'cli', 'schemas'].join('|')})/`,
        // The words of events and errors are the same for all readers (ADR 0186). These files import nothing but types.
        pathNot: '^schemas/(events/event|errors/error)-sentences\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'what-the-page-loads-of-schemas-imports-types-only',
      severity: 'error',
      from: { path: '^schemas/(events/event|errors/error)-sentences\\.ts$' },
      to: { dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'web-imports-schemas-only',
      severity: 'error',
      from: from('web'),
      to: { path: `^(${[...SERVICES, ...KEEPING, ...SUPPORT, 'read-tables', 'cli'].join('|')})/` },
    },
    {
      name: 'uploads-need-no-postgres',
      severity: 'error',
      from: from('command-api'),
      to: { path: '^(read-store|read-tables)/' },
    },
    {
      name: 'read-tables-import-what-they-are-made-of',
      severity: 'error',
      from: from('read-tables'),
      to: { pathNot: '^(schemas|conversion-job|read-store|read-tables|node_modules)/|^(node:)?path$' },
    },
    {
      name: 'a-store-of-this-machine-is-started-and-never-called',
      severity: 'error',
      from: { pathNot: '^(event-store-server|postgres-server|cli|tests|bench)/|\\.test\\.ts$' },
      to: { path: '^(event-store-server|postgres-server)/' },
    },
    {
      name: 'a-store-of-this-machine-stands-alone',
      severity: 'error',
      from: from('(event-store-server|postgres-server)'),
      to: {
        path: `^(${[...SERVICES, ...KEEPING, 'conversion-job', 'blob-store', 'identity', 'read-tables', 'web', 'cli', 'bench', 'simulation'].join('|')})/|^read-store/(?!analyst-role)|^event-store/(?!wire/)`,
      },
    },
    {
      name: 'nothing-imports-what-tries-it',
      severity: 'error',
      from: { pathNot: '^(tests|bench|simulation)/|\\.test\\.ts$' },
      to: { path: '^(tests|bench|simulation)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(web/dist|\\.docket)' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.mjs', '.cjs', '.js', '.json'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
