import svelte from 'eslint-plugin-svelte';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

// A restriction is a set of findings with the reason in its message; a file's place decides which sets apply to it.
const environment = {
  properties: [
    {
      object: 'process',
      property: 'env',
      message: 'config.ts alone reads the environment, so that every fault shows at start, in one message.',
    },
  ],
};

const LIFECYCLE =
  'main.ts alone ends the process and handles its signals, so that everything stops in order: throw, or return, and let it decide.';
const lifecycle = {
  properties: ['exit', 'abort', 'reallyExit', 'on', 'once', 'addListener', 'prependListener'].map((property) => ({
    object: 'process',
    property,
    message: LIFECYCLE,
  })),
};

const CLOCK = 'The time comes from the Clock that is handed in (platform/clock.ts), so that tests can choose it.';
const clock = {
  properties: [
    { object: 'Date', property: 'now', message: CLOCK },
    { object: 'performance', property: 'now', message: CLOCK },
    { object: 'process', property: 'hrtime', message: CLOCK },
  ],
  syntax: [
    { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: CLOCK },
    { selector: 'CallExpression[callee.name="Date"]', message: CLOCK },
  ],
};

const terminal = {
  globals: [{ name: 'console', message: 'The program speaks through its logger; main.ts alone writes to the terminal.' }],
};

const focus = {
  syntax: [
    {
      selector: 'CallExpression MemberExpression[object.name=/^(it|test|describe)$/][property.name=/^(only|skip|todo|fails)$/]',
      message: 'Every test runs. What a machine may lack is named with skipIf, and is a failure in CI.',
    },
  ],
};

/** ESLint replaces a rule's options instead of adding to them, so each place gets its whole list at once. */
function restrict(...sets) {
  const list = (name) => sets.flatMap((set) => set[name] ?? []);
  const rule = (options) => (options.length === 0 ? 'off' : ['error', ...options]);
  return {
    'no-restricted-properties': rule(list('properties')),
    'no-restricted-syntax': rule(list('syntax')),
    'no-restricted-globals': rule(list('globals')),
  };
}

const TESTS = ['**/*.test.ts', 'test/**/*.ts'];
const TOOLS = ['scripts/**/*.ts', 'bench/**/*.ts', '**/*.config.ts'];

const general = {
  '@typescript-eslint/consistent-type-imports': 'error',
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
  eqeqeq: 'error',
  'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'], location: 'start' }],
  'no-constant-condition': ['error', { checkLoops: false }],
  'no-empty': ['error', { allowEmptyCatch: false }],
  'no-cond-assign': 'error',
  'no-control-regex': 'error',
  'no-self-assign': 'error',
  'no-self-compare': 'error',
  'no-sparse-arrays': 'error',
  'no-unsafe-finally': 'error',
  'no-useless-escape': 'error',
  'max-lines': ['error', { max: 300, skipBlankLines: false, skipComments: false }],
};

/** Rules that ask the compiler for types. */
const typed = {
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/await-thenable': 'error',
  '@typescript-eslint/only-throw-error': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
};

export default defineConfig(
  {
    ignores: ['**/node_modules/', 'dashboard/build/', 'dashboard/.svelte-kit/', 'schemas/postgres/migrations/', 'data/', 'test/.cache/'],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    rules: {
      ...general,
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: false, skipComments: false, IIFEs: true }],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'node:process', message: 'Use the global `process`: the rules about who may touch it look for that name.' },
            'process',
          ],
        },
      ],
      ...restrict(environment, lifecycle, clock, terminal),
    },
  },
  {
    files: ['**/*.ts'],
    ignores: ['dashboard/**'],
    languageOptions: {
      parserOptions: { project: ['./tsconfig.json', './bench/beside/tsconfig.json'], tsconfigRootDir: import.meta.dirname },
    },
    rules: typed,
  },
  {
    files: ['dashboard/**/*.ts', 'dashboard/**/*.svelte'],
    languageOptions: {
      parserOptions: { project: './dashboard/tsconfig.json', tsconfigRootDir: import.meta.dirname, extraFileExtensions: ['.svelte'] },
    },
    rules: typed,
  },
  { files: ['config.ts'], rules: restrict(lifecycle, clock, terminal) },
  { files: ['main.ts'], rules: restrict(environment, clock) },
  { files: ['platform/clock.ts'], rules: restrict(environment, lifecycle, terminal) },
  { files: ['dashboard/src/**/*.ts'], rules: restrict(environment, lifecycle, terminal) },
  { files: TOOLS, rules: restrict() },
  // A describe callback is a chapter, not a function: its length says nothing.
  { files: TESTS, rules: { ...restrict(focus), 'max-lines-per-function': 'off' } },
  {
    files: ['dashboard/**/*.svelte', 'dashboard/**/*.svelte.ts'],
    extends: [tseslint.configs.recommended, svelte.configs['flat/recommended'], svelte.configs['flat/prettier']],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
    rules: {
      ...general,
      // TypeScript (svelte-check) knows which names exist; ESLint would need a list of the browser's.
      'no-undef': 'off',
      // The dashboard always stands at the root of its host: there is no base path to resolve against.
      'svelte/no-navigation-without-resolve': 'off',
      ...restrict(environment, lifecycle, terminal),
    },
  },
  {
    files: ['dashboard/**/*.svelte'],
    rules: { 'max-lines': ['error', { max: 150, skipBlankLines: false, skipComments: false }] },
  },
);
