import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Rooms where the rules of one voice (CONTRIBUTING, "One voice") do not hold yet. */
const NOT_YET_IN_ONE_VOICE = [
  'event-store/**',
  'processor/**',
  'projector/**',
  'gateway/**',
  'cli/serve/**',
  'query-api/{download-ledger,downloads.int.test,ready-result,result-delivery,result-names,zip-of-results}.ts',
  'query-api/{result-names.test,routes/download-routes}.ts',
  'web/src/page/mapping*',
];

export default tseslint.config(
  { ignores: ['node_modules/', 'web/dist/', '.docket/', 'coverage/', 'tests/output/'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
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
    ignores: NOT_YET_IN_ONE_VOICE,
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            ':matches(ArrayExpression, CallExpression, NewExpression) > SpreadElement > ArrayExpression',
          message: 'Write the elements where they stand: no spread of a literal into a list.',
        },
        {
          selector: ':matches(ObjectExpression > SpreadElement, JSXSpreadAttribute) > ObjectExpression',
          message: 'Write the properties where they stand: no spread of a literal into a literal.',
        },
        {
          selector: 'VariableDeclarator[id.type=ArrayPattern][init.type=ArrayExpression]',
          message: 'One variable a declaration: no list taken apart where it is written.',
        },
        {
          selector: 'VariableDeclarator[id.type=ObjectPattern][init.type=ObjectExpression]',
          message: 'One variable a declaration: no object taken apart where it is written.',
        },
      ],
      'one-var': ['error', 'never'],
      'no-sequences': ['error', { allowInParentheses: false }],
      'no-plusplus': 'error',
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
