// The layers of docs/architecture.md, kept true. Pure folders import only each other; processes meet only in common.
const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

export default {
  forbidden: [
    rule('no-cycles', 'Two modules that need each other are one module, or need a third.', {}, { circular: true }),
    rule('no-unresolvable', 'An import that resolves to nothing.', {}, { couldNotResolve: true }),
    rule(
      'no-undeclared-dependency',
      'A package is declared by the workspace that imports it.',
      { path: '^(common|native|control-plane|agent|sandbox|cli)/' },
      { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'undetermined'] },
    ),
    rule(
      'no-dev-dependency-in-product',
      'What ships imports nothing that an install without dev dependencies lacks.',
      { path: '^(common|native|control-plane|agent|sandbox|cli)/', pathNot: '\\.(test|fixture)\\.ts$' },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm'] },
    ),
    rule(
      'no-tests-in-product',
      'Product code never imports a test.',
      { pathNot: '(\\.test\\.ts$|^test/|^bench/)' },
      { path: '(\\.test\\.ts$|^test/|^bench/)' },
    ),
    rule(
      'common-is-the-bottom',
      'common imports no other workspace.',
      { path: '^common/' },
      { path: '^(control-plane|agent|sandbox|cli|console|test|bench)/' },
    ),
    rule(
      'native-is-a-leaf',
      'What wraps the addon knows nothing of ours.',
      { path: '^native/' },
      { path: '^(common|control-plane|agent|sandbox|cli|console|test|bench)/' },
    ),
    rule(
      'base-is-below-api',
      'base knows nothing of ours.',
      { path: '^common/src/base/' },
      { path: '^common/src/(?!base/)' },
    ),
    rule(
      'erasure-knows-bytes',
      'The codec is arithmetic; threads, native code and files are around it.',
      { path: '^common/src/erasure/' },
      { path: '^(common/src/(?!erasure/|base/)|native/)' },
    ),
    rule(
      'processes-meet-in-common',
      'The control plane and the agent share code through common alone.',
      { path: '^control-plane/' },
      { path: '^(agent|sandbox|cli|console)/' },
    ),
    rule(
      'agent-stands-alone',
      'The agent shares code with the control plane through common alone.',
      { path: '^agent/' },
      { path: '^(control-plane|sandbox|cli|console)/' },
    ),
    rule(
      'cli-speaks-to-the-api',
      'The command line knows the objects of the API, and of the processes only what they answer.',
      { path: '^cli/' },
      { path: '^(control-plane|agent|sandbox|console)/' },
    ),
    rule('nobody-imports-the-cli', 'It is started, by people and tests.', { pathNot: '^cli/' }, { path: '^cli/' }),
    rule(
      'cli-decides-without-asking',
      'What a command line means, and what is said of an object, is known without a cluster.',
      {
        path: '^cli/src/(command-line/|view/|stored-migration\\.ts$|commands/verdict\\.ts$)',
        pathNot: '\\.test\\.ts$',
      },
      { path: '^cli/src/(cluster/|run\\.ts$|main\\.ts$)' },
    ),
    rule(
      'sandbox-stands-alone',
      'The sandbox stands in for other systems; it never reuses the code under test.',
      { path: '^sandbox/' },
      { path: '^(control-plane|agent|cli|console)/' },
    ),
    rule(
      'no-deep-imports',
      'Another workspace is entered through the entries of its package.json.',
      { path: '^([^/]+)/' },
      {
        path: '^(common|native|control-plane|agent|sandbox)/src/',
        pathNot: ['^$1/', '/index\\.ts$', '/config\\.ts$', '/main\\.ts$'],
      },
    ),
    rule(
      'nest-stays-in-app',
      'NestJS wires; it does not decide.',
      { pathNot: '^control-plane/src/app/' },
      { path: '(^|/)@nestjs/' },
    ),
    rule(
      'pure-imports-pure',
      'Decisions take snapshots and return commands; they reach no adapter, loop or process.',
      { path: '^control-plane/src/(model|brain)/', pathNot: '\\.test\\.ts$' },
      { path: '^control-plane/src/', pathNot: '^control-plane/src/(model|brain)/' },
    ),
    rule(
      'model-is-below-brain',
      'Nouns know nothing of what is decided with them.',
      { path: '^control-plane/src/model/', pathNot: '\\.test\\.ts$' },
      { path: '^control-plane/src/(?!model/)' },
    ),
    rule(
      'adapters-decide-nothing',
      'What stands behind a port brings facts and carries out; decisions are made between.',
      { path: '^control-plane/src/(adapters|ports)/', pathNot: '\\.test\\.ts$' },
      { path: '^control-plane/src/brain/' },
    ),
    rule(
      'eyes-are-pure',
      'What is asked of Prometheus, and what samples mean, is known without asking.',
      { path: '^control-plane/src/eyes/', pathNot: '\\.test\\.ts$' },
      { path: '^control-plane/src/', pathNot: '^control-plane/src/(model|eyes)/' },
    ),
    rule(
      'pure-does-no-io',
      'No I/O in pure folders.',
      { path: '^(control-plane/src/(model|brain|eyes)|common/src/(api|erasure))/', pathNot: '\\.(test|fixture)\\.ts$' },
      { dependencyTypes: ['core'] },
    ),
    rule(
      'ports-know-no-adapter',
      'A port is written for its consumer.',
      { path: '^control-plane/src/(ports|model|brain|eyes|hands|loop)/', pathNot: '\\.test\\.ts$' },
      { path: '^control-plane/src/(adapters|app)/' },
    ),
    rule(
      'only-app-knows-the-loop',
      'The loop takes ports; what stands behind a port does not know who calls.',
      { path: '^control-plane/src/(adapters|ports|model|brain)/', pathNot: '\\.test\\.ts$' },
      { path: '^control-plane/src/(loop|app)/' },
    ),
    rule(
      'loop-moves-nothing',
      'Policies are reconciled, and migrations started and counted, beside what carries them out.',
      { path: '^control-plane/src/loop/' },
      { path: '^control-plane/src/hands/' },
    ),
    rule(
      'hands-carry-out',
      'Migrations are carried out through ports; of the decisions they take only the checks on fresh state.',
      { path: '^control-plane/src/hands/', pathNot: '\\.(test|fixture)\\.ts$' },
      { path: '^control-plane/src/', pathNot: '^control-plane/src/(hands/|model/|ports/|brain/placement/index\\.ts$)' },
    ),
    rule(
      'devices-hold-bytes',
      'What bytes are stored on knows nothing of what they mean.',
      { path: '^agent/src/devices/' },
      { path: '^agent/src/(?!devices/)' },
    ),
    rule(
      'agent-core-knows-no-rpc',
      'The storage core is a library; rpc is one of its users.',
      { path: '^agent/src/(cache|devices|shards|journal|hardware)/' },
      { path: '(^agent/src/rpc/|(^|/)@grpc/)' },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.build/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    combinedDependencies: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
