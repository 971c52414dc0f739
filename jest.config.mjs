// Tests stand beside the source; the suffix says their cost:
//   *.test.ts      pure, milliseconds
//   *.int.test.ts  a real Postgres, event store or process
//   *.e2e.test.ts  all services, a real browser
//   *.sim.test.ts  many simulated worlds, minutes of processor time
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/\\.docket/', '/web/dist'],
  modulePathIgnorePatterns: ['<rootDir>/\\.docket/', '<rootDir>/web/dist'],
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: {
    '^.+\\.tsx?$': [
      '@swc/jest',
      {
        jsc: { target: 'es2024', parser: { syntax: 'typescript', tsx: true } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  testTimeout: 30_000,
  // The tests mostly wait: for processes to start, for clocks to pass, for the disk.
  maxWorkers: 3,
  testSequencer: '<rootDir>/tests/longest-first.ts',
};
