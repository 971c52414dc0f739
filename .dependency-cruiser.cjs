/** The import rules of the house (ARCHITECTURE.md, "Rooms"). CI fails when one is broken. */
const SERVICES = ['command-api', 'processor', 'gateway', 'projector', 'query-api'];
/** Rooms that read the whole log for people: only cli composes them. */
const KEEPING = ['audit', 'archive'];
const SUPPORT = ['conversion-job', 'event-store', 'read-store', 'blob-store', 'identity', 'runtime'];

/** Production code only: a test may set up whatever it needs. */
const from = (folder) => ({ path: `^${folder}/`, pathNot: '\\.test\\.ts$' });

/**
 * The folders of each room that has several, the higher first: a folder imports from those after it, never from one before
 * it. '.' is the room's top level.
 */
const FOLDERS_TOP_DOWN = {
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
    'fixtures',
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
};
const inFolder = (folder) => (folder === '.' ? '[^/]+$' : `${folder}/`);
/** No import runs up inside a room, and a folder that the list above does not name imports nothing. */
const noImportRunsUp = ([room, folders]) => [
  ...folders.slice(1).map((folder, at) => ({
    name: `${room}-${folder}-imports-nothing-above-it`,
    severity: 'error',
    from: from(`${room}/${folder}`),
    to: {
      path: `^${room}/(${folders
        .slice(0, at + 1)
        .map(inFolder)
        .join('|')})`,
    },
  })),
  {
    name: `${room}-lists-its-folders`,
    severity: 'error',
    from: { path: `^${room}/[^/]+/`, pathNot: `^${room}/(${folders.join('|')})/` },
    to: {},
  },
];

module.exports = {
  forbidden: [
    ...Object.entries(FOLDERS_TOP_DOWN).flatMap(noImportRunsUp),
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
      to: { path: '^(event-store/append|event-store/handle-command|blob-store/|gateway/)' },
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
        dependencyTypesNot: ['type-only'],
      },
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
