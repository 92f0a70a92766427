/**
 * The module map, enforced. Ranks are written here and nowhere else: a module imports what has a
 * lower rank, through its front door (`#registry`), never its equals and never what is above it.
 */
const rank = {
  platform: 0,
  registry: 1,
  connect: 2,
  state: 3,
  stream: 3,
  rules: 4,
  actions: 5,
  fleet: 6,
  ops: 7,
}
const modules = Object.keys(rank)
const folders = (names) => `^server/src/(${names.join('|')})/`
const tests = '\\.test\\.tsx?$|/test-[a-z-]+\\.ts$|^server/src/(testing|acceptance)/'

/** A workspace that may import only these others of ours; `except` names files that may do more. */
const mayImport = (name, others, except = []) => ({
  name: `${name}-stands-apart`,
  severity: 'error',
  comment: `${name} imports of ours: ${others.join(', ') || 'nothing'}.`,
  from: { path: `^${name}/`, pathNot: except },
  to: {
    path: '^(contract|server|web|simulator|bench|scripts)/',
    pathNot: `^(${[name, ...others].join('|')})/`,
  },
})

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'A cycle that exists for the type checker only is let pass.',
      from: { path: '^(contract|server|web|simulator|bench)/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'front-door-only',
      severity: 'error',
      comment: 'Another module is imported through its index.ts.',
      from: { path: '^server/src/([^/]+)/' },
      to: { path: folders(modules), pathNot: ['^server/src/$1/', '/index\\.ts$'] },
    },
    {
      name: 'app-uses-front-doors',
      severity: 'error',
      from: { path: '^server/src/[^/]+\\.ts$' },
      to: { path: folders(modules), pathNot: '/index\\.ts$' },
    },
    {
      name: 'named-front-door',
      severity: 'error',
      comment: "Another module is spelled '#registry', not '../registry/index.ts'.",
      from: { path: '^server/src/([^/]+)/' },
      to: {
        path: folders(modules),
        pathNot: '^server/src/$1/',
        dependencyTypesNot: ['aliased-subpath-import'],
      },
    },
    ...modules.map((name) => ({
      name: `${name}-looks-down`,
      severity: 'error',
      comment: `${name} has rank ${rank[name]} and imports lower ranks only.`,
      from: { path: folders([name]) },
      to: { path: folders(modules.filter((other) => other !== name && rank[other] >= rank[name])) },
    })),
    {
      name: 'modules-do-not-know-the-app',
      severity: 'error',
      from: { path: folders(modules), pathNot: tests },
      to: { path: '^server/src/[^/]+\\.ts$' },
    },
    {
      name: 'no-testing-in-production',
      severity: 'error',
      from: { path: '^(contract|server|simulator)/', pathNot: [tests, '\\.config\\.ts$'] },
      to: { path: tests },
    },
    mayImport('contract', []),
    mayImport('server', ['contract', 'simulator']),
    {
      name: 'only-the-demo-simulates',
      severity: 'error',
      comment: 'The server starts a simulated fleet in its demo and nowhere else.',
      from: { path: '^server/', pathNot: ['^server/src/demo\\.ts$', tests] },
      to: { path: '^simulator/' },
    },
    mayImport('web', ['contract']),
    mayImport('simulator', ['contract']),
    mayImport('bench', ['contract', 'server', 'simulator']),
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'An import that leads nowhere would also escape every other rule.',
      from: {},
      to: { couldNotResolve: true, pathNot: '\\?' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|\\.tmp|test-results|screenshots|coverage)/' },
    moduleSystems: ['es6', 'cjs'],
    // No tsconfig on purpose: there are no path aliases, and its `extends` is mis-resolved.
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.cjs', '.json', '.css', '.d.ts'],
    },
  },
}
