/**
 * Rules about whose data is read, told from the program as the compiler understands it: a query takes a scope, and a scope is the caller's.
 */
import { relative } from 'node:path';
import ts from 'typescript';

const SCOPES = 'platform/access/scope.ts';
const SCOPE_CLASSES = new Set(['EveryCustomer', 'OneCustomer']);
const MADE_IN = new Map([
  ['EveryCustomer', SCOPES],
  ['OneCustomer', SCOPES],
  ['EveryImport', 'platform/access/import-scope.ts'],
  ['OwnImports', 'platform/access/import-scope.ts'],
]);
const OF_JOBS = new Set(['WHOLE_INSTALLATION', 'EVERY_IMPORT']);
/** What a store, or something that holds one, has. */
const STORE_MEMBERS = ['query', 'postgres', 'clickhouse'];

export interface Sources {
  program: ts.Program;
  /** With forward slashes, relative to the root. */
  pathOf(file: ts.SourceFile): string;
  files(matching: RegExp): ts.SourceFile[];
}

/** The program that these files make up. `virtual`: files that are not on disk, by path. */
export function readSources(root: string, paths: readonly string[], virtual: Readonly<Record<string, string>> = {}): Sources {
  const { config } = ts.readConfigFile(`${root}/tsconfig.json`, (path) => ts.sys.readFile(path)) as { config: object };
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const texts = new Map(Object.entries(virtual).map(([path, text]) => [`${root}/${path}`, text]));
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.readFile = (path) => texts.get(path) ?? readFile(path);
  host.getSourceFile = (path, version, ...rest) => {
    const text = texts.get(path);
    return text === undefined ? getSourceFile(path, version, ...rest) : ts.createSourceFile(path, text, version, true);
  };
  const program = ts.createProgram([...paths.map((path) => `${root}/${path}`), ...texts.keys()], options, host);
  const pathOf = (file: ts.SourceFile) => relative(root, file.fileName).replaceAll('\\', '/');
  return { program, pathOf, files: (matching) => program.getSourceFiles().filter((file) => matching.test(pathOf(file))) };
}

/** Exported queries that are not narrowed: `api/queries/records.ts#findRecord`. */
export function unscopedQueries({ program, pathOf, files }: Sources, matching: RegExp): string[] {
  const checker = program.getTypeChecker();
  const typesOf = (file: ts.SourceFile, symbol: ts.Symbol): string[] => {
    const type = checker.getTypeOfSymbol(symbol);
    const unscoped = type.getCallSignatures().length === 0 ? isBareQuery(type) : type.getCallSignatures().some(isUnscoped);
    return unscoped ? [`${pathOf(file)}#${symbol.name}`] : [];
  };
  const isUnscoped = (signature: ts.Signature): boolean => {
    const parameters = signature.parameters.map((parameter) => checker.getTypeOfSymbol(parameter));
    return parameters.some(holdsStore) && !tellsNothing(checker, signature) && !parameters.some((type) => takesScope(checker, type));
  };
  return files(matching).flatMap((file) => {
    const module = checker.getSymbolAtLocation(file);
    return module === undefined
      ? []
      : checker
          .getExportsOfModule(module)
          .filter(({ flags }) => (flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Variable)) !== 0)
          .flatMap((symbol) => typesOf(file, symbol));
  });
}

/** A statement that is there to be sent as it is: nothing can narrow it. */
function isBareQuery(type: ts.Type): boolean {
  return type.getProperty('sql') !== undefined;
}

function holdsStore(type: ts.Type): boolean {
  return STORE_MEMBERS.some((name) => type.getProperty(name) !== undefined);
}

/** What only writes, or says yes or no, shows nothing of a customer's. */
function tellsNothing(checker: ts.TypeChecker, signature: ts.Signature): boolean {
  return ['Promise<void>', 'Promise<boolean>'].includes(checker.typeToString(signature.getReturnType()));
}

/** A scope itself, or a parameter that always has one among its members. */
function takesScope(checker: ts.TypeChecker, type: ts.Type): boolean {
  if (isScope(type)) return true;
  return type.getProperties().some((member) => (member.flags & ts.SymbolFlags.Optional) === 0 && isScope(checker.getTypeOfSymbol(member)));
}

function isScope(type: ts.Type): boolean {
  if (type.isUnion()) return type.types.every(isScope);
  const symbol = type.getSymbol();
  return (
    symbol !== undefined &&
    SCOPE_CLASSES.has(symbol.name) &&
    symbol.declarations?.every((declaration) => declaration.getSourceFile().fileName.endsWith(`/${SCOPES}`)) === true
  );
}

/** Where a scope is made of nothing: by its class, or by taking that of the whole installation in a route. `path: what`. */
export function madeScopes({ pathOf, files }: Sources, matching: RegExp, routes: RegExp): string[] {
  return files(matching).flatMap((file) => {
    const path = pathOf(file);
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isNewExpression(node) && ts.isIdentifier(node.expression)) {
        const home = MADE_IN.get(node.expression.text);
        if (home !== undefined && home !== path) found.push(`${path}: new ${node.expression.text}`);
      }
      if (ts.isIdentifier(node) && OF_JOBS.has(node.text) && routes.test(path)) found.push(`${path}: ${node.text}`);
      ts.forEachChild(node, visit);
    };
    visit(file);
    return found;
  });
}
