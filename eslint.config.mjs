import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const WRITTEN_OUT = [
  {
    selector: ':matches(ArrayExpression, CallExpression, NewExpression) > SpreadElement > ArrayExpression',
    message: 'Write the elements where they stand: no spread of a literal into a list.',
  },
  {
    selector: ':matches(ObjectExpression > SpreadElement, JSXSpreadAttribute) > ObjectExpression',
    message: 'Write the properties where they stand: no spread of a literal into a literal.',
  },
  {
    selector:
      'VariableDeclarator[id.type=ArrayPattern][init.type=ArrayExpression]:not(:has(ArrayExpression > SpreadElement))',
    message: 'One variable a declaration: no list taken apart where it is written.',
  },
  {
    selector: 'VariableDeclarator[id.type=ObjectPattern][init.type=ObjectExpression]',
    message: 'One variable a declaration: no object taken apart where it is written.',
  },
];

/** Numbers, sentences and lists of them, written down at the top of a module. What is made by a call is no constant. */
const CONSTANTS_IN_CAPITALS = [
  'Program > VariableDeclaration',
  'ExportNamedDeclaration > VariableDeclaration',
]
  .map((place) => `${place}[kind=const] > VariableDeclarator[id.name=/^[a-z]/]`)
  .flatMap((declared) => [
    `${declared}[init.type=/^(Literal|UnaryExpression|BinaryExpression)$/]:not(:has(CallExpression, MemberExpression))`,
    `${declared}[init.type=ArrayExpression]:has(ArrayExpression > Literal):not(:has(ArrayExpression > :not(Literal)))`,
  ])
  .map((selector) => ({ selector, message: 'A constant of a module is written in CAPITALS.' }));

/**
 * A boolean that stands alone says what it means after these names: a promise's outcome, a setter, a default, what a test
 * expects. Elsewhere an object with a name says it.
 */
const SAYS_WHAT_ITS_BOOLEAN_MEANS =
  '/^(resolve|settle|end|set[A-Z].*|useState|useRef|createStore|toBe|default|push|set|indexOf|buffer|release)$/';
const NO_BARE_BOOLEAN = {
  selector:
    'CallExpression' +
    `:not([arguments.length=1]:matches([callee.name=${SAYS_WHAT_ITS_BOOLEAN_MEANS}], [callee.property.name=${SAYS_WHAT_ITS_BOOLEAN_MEANS}]))` +
    ' > Literal.arguments[raw=/^(true|false)$/]',
  message: 'A bare boolean says nothing to a reader: pass an object with a name.',
};

/** Nor is a method on the prototype of a class, whatever its type says. */
const NO_PROTOTYPE_PATCH = {
  selector:
    "AssignmentExpression > MemberExpression.left > MemberExpression.object[property.name='prototype']",
  message: 'A method of a class is not replaced from outside: use what it offers.',
};

/**
 * Files that replace a method on a prototype, each with its reason. `gateway/pool/close-network.ts` replaces those of
 * Node in a converter child, because the child must have no network; it does so by a computed name.
 */
const PROTOTYPE_PATCHES = [
  // pdfjs offers no way to the attachments that share a key or that only `/AF` names (ADR 0166).
  'gateway/pdf/attachments.ts',
  // pdfjs mends every font for drawing, and offers no way to leave that out (ADR 0190).
  'gateway/pdf/unmended-fonts.ts',
];

/** A method of a library's object is not replaced: whoever reads the library then reads what does not run (ADR 0181). */
const NO_LIBRARY_PATCH = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const { esTreeNodeToTSNodeMap: nodes, program } = context.sourceCode.parserServices;
    const checker = program.getTypeChecker();
    return {
      'AssignmentExpression > MemberExpression.left'(node) {
        const symbol = checker.getSymbolAtLocation(nodes.get(node.property));
        const isOfLibrary = (symbol?.declarations ?? []).some((declared) => {
          const file = declared.getSourceFile().fileName;
          return file.includes('/node_modules/') && !file.includes('/typescript/lib/');
        });
        if (!isOfLibrary || checker.getTypeAtLocation(nodes.get(node)).getCallSignatures().length === 0)
          return;
        context.report({ node, message: 'A method of a library is not replaced: use what it offers.' });
      },
    };
  },
};

/**
 * Classes of errors that do not extend `CodedError`. Each states why.
 */
const OTHER_ERRORS = [
  'CodedError', // the base itself
  'ApiFailure', // the page imports types only, so that its first load stays small
  'UuidRefused', // simulation: an error of Postgres
  'S3Refusal', // tests: an error of S3
  'DrillFailed', // tests: a verdict; nobody branches on it
  'NotApplicable', // tests: the same
  'NotTried', // tests: the same
  'StoreDidNotStart', // tests: the same
];
const ONE_BASE_OF_ERRORS = {
  selector:
    'ClassDeclaration[superClass.name=/^(Aggregate|Eval|Range|Reference|Syntax|Type|URI)?Error$/]' +
    `:not([id.name=/^(${OTHER_ERRORS.join('|')})$/])`,
  message:
    'An error of ours extends `CodedError`: a code, one sentence, and whether the same call may succeed later.',
};

const ONE_SHA256 = {
  selector:
    "CallExpression[callee.property.name=digest][arguments.0.value=hex] > MemberExpression > CallExpression[callee.property.name=update] > MemberExpression > CallExpression[callee.name=createHash][arguments.0.value='sha256']",
  message: 'Call `sha256Of` of schemas/sha256.ts.',
};

const ONE_VOICE = [...WRITTEN_OUT, ...CONSTANTS_IN_CAPITALS, NO_BARE_BOOLEAN, ONE_BASE_OF_ERRORS, ONE_SHA256];

/**
 * Functions longer than 80 lines of code, a file each. Most are factories whose closures share one state; the next one who
 * works there splits them at an idea.
 */
const LONGER_FUNCTIONS = [
  // One simulated machine each: what its closures share is the memory of that machine.
  'simulation/actors/processor.ts', // bootProcessor, 117
  'simulation/engine/world.ts', // createWorld, 107
  'simulation/ports/work-list-server.ts', // createWorkListServer, 154
  // What a test starts, in the order of starting.
  'tests/drills/drill-installation.ts', // startDrillInstallation, 97
  'tests/harness/other-postgres.ts', // startOtherPostgres, 97
  'tests/harness/processor-world.ts', // startProcessorWorld, 102
  'tests/harness/query-installation.ts', // startQueryInstallation, 83
  'tests/harness/served-on-postgres.ts', // serveOnPostgres, 93
  'event-store/calls/generations.ts', // openGenerations, 91
  'event-store-server/service/open-service.ts', // addService, 108
  'event-store-server/storage/group-commit.ts', // openGroupCommit, 114
  'event-store-server/storage/open-log.ts', // openLocked, 92
  'event-store-server/storage/segment-files.ts', // openSegmentFiles, 87
  'event-store-server/storage/staged-group.ts', // stageGroup, 86
  'processor/attempts/claim-loop.ts', // startClaimLoop, 83
  'processor/feeder/feed-writer.ts', // startFeedWriter, 101
  'processor/feeder/feeder-role.ts', // feederRole
  'processor/circuit-breaker/gateway-gate.ts', // gatewayGate, 95
  'processor/log-watch.ts', // watchLog, 87
  'processor/retention/retention-role.ts', // retentionRole
  'processor/start-processor.ts', // startProcessor
  // The state of one socket; a test holds the client to 200 lines with its other half.
  'web/live-client/live-client.ts', // connectLive, 89
];

export default tseslint.config(
  { ignores: ['node_modules/', 'web/dist/', '.docket/', 'coverage/', 'tests/output/'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    // One program for all files: in a single run it takes a quarter less of the processor than the project service.
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      'no-control-regex': 'off',
    },
  },
  {
    // Many messages are framed in one write by a buffer that copies itself; the body of a ref is its user's.
    files: ['**/*.{ts,tsx}'],
    ignores: ['tests/**', 'bench/**', 'web/src/**', 'event-store/wire/pack-messages.ts'],
    plugins: { docket: { rules: { 'no-library-patch': NO_LIBRARY_PATCH } } },
    rules: { 'docket/no-library-patch': 'error' },
  },
  { files: ['**/*.mjs', '**/*.cjs'], ...tseslint.configs.disableTypeChecked },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        module: 'writable',
        require: 'readonly',
        __dirname: 'readonly',
      },
    },
  },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  {
    files: ['**/*.{ts,tsx,mts,mjs,cjs}'],
    rules: {
      'no-restricted-syntax': ['error', ...ONE_VOICE, NO_PROTOTYPE_PATCH],
      'one-var': ['error', 'never'],
      'no-sequences': ['error', { allowInParentheses: false }],
      'no-plusplus': 'error',
      curly: ['error', 'multi'],
      'max-params': ['error', 4],
    },
  },
  { files: PROTOTYPE_PATCHES, rules: { 'no-restricted-syntax': ['error', ...ONE_VOICE] } },
  {
    files: ['**/*.{ts,tsx,mts,mjs,cjs}'],
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'Object',
          property: 'create',
          message: 'An object that hides another one misleads its reader.',
        },
      ],
    },
  },
  // `handleCommand` is called in every room that writes: log, decider, stream, command and context, in that order.
  { files: ['event-store/handle-command.ts'], rules: { 'max-params': ['error', 5] } },
  {
    files: ['**/*.{ts,tsx,mts}'],
    // The function that `describe` is given is a chapter of claims, not a function that somebody follows.
    ignores: [...LONGER_FUNCTIONS, '**/*.test.ts'],
    rules: {
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    // supertest and jest matchers are loosely typed on purpose
    files: ['**/*.test.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);
