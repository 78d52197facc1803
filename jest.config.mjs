// One project per kind of test; sources are loaded as ES modules with their types stripped.
const project = (displayName, roots) => ({
  displayName,
  rootDir: import.meta.dirname,
  roots,
  testEnvironment: 'node',
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/scripts/jest-strip-types.mjs' },
});

export default {
  maxWorkers: 2,
  testTimeout: 20_000,
  projects: [
    project('unit', [
      '<rootDir>/common/src',
      '<rootDir>/native/src',
      '<rootDir>/agent/src',
      '<rootDir>/control-plane/src',
      '<rootDir>/cli/src',
      '<rootDir>/sandbox/src',
    ]),
    project('tidy', ['<rootDir>/scripts']),
    project('contract', ['<rootDir>/test/contract']),
    project(
      'fault',
      ['control-plane', 'hands', 'kube-adapter', 'mayastor', 'prometheus'].map(
        (folder) => `<rootDir>/test/fault/${folder}`,
      ),
    ),
    project(
      'integration',
      ['commands', 'kubectl', 'mayastor', 'prometheus'].map((folder) => `<rootDir>/test/integration/${folder}`),
    ),
    project(
      'operator',
      ['control-plane', 'tiering'].map((folder) => `<rootDir>/test/integration/${folder}`),
    ),
    project(
      'cli',
      ['agent', 'cli'].map((folder) => `<rootDir>/test/integration/${folder}`),
    ),
    project('migration', ['<rootDir>/test/integration/migration']),
    project('simulation', ['<rootDir>/test/simulation']),
    project(
      'disks',
      ['devices', 'store'].map((folder) => `<rootDir>/test/fault/${folder}`),
    ),
    project('crash', ['<rootDir>/test/fault/migration']),
  ],
};
