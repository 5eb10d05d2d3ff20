// The order of the page's modules: no circle of imports, and each folder knows only those below it.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** The lowest first. Whoever stands in one line knows nothing of each other. */
const LAYERS = [
  ['backend'],
  ['lib'],
  ['text'],
  ['state'],
  ['view/parts'],
  ['view/sees'],
  ['view/chat', 'view/models', 'view/player', 'view/start', 'view/timeline', 'view/window'],
  ['view'],
  ['start.ts'],
  ['main.ts'],
];
/** The one that connects the page with a shell; to all others the seam is types. */
const CONNECTS = 'main.ts';

/** What is wrong with the imports of `sources`, a map from paths below `src` (with `/`) to what stands in them. */
export function offences(sources) {
  const graph = new Map([...sources].map(([path, source]) => [path, importsOf(path, source, sources)]));
  const wrong = [];
  for (const [path, imports] of graph) {
    const here = placeOf(path);
    if (here === null) wrong.push(`${path} stands in no layer`);
    for (const { to, is_type, line } of imports) {
      const there = placeOf(to);
      if (here === null || there === null || here.folder === there.folder) continue;
      if (there.layer >= here.layer) wrong.push(`${path}:${line} knows ${to}, which is not below it`);
      else if (there.folder === 'backend' && !is_type && path !== CONNECTS) {
        wrong.push(`${path}:${line} knows more of the seam than its types (${to})`);
      }
    }
  }
  return [...wrong, ...circles(graph).map((circle) => `imports go in a circle: ${circle.join(' -> ')}`)];
}

/** Its layer and folder: of the names that fit, the longest. */
function placeOf(path) {
  const fitting = LAYERS.flatMap((folders, layer) => folders.map((folder) => ({ folder, layer })))
    .filter(({ folder }) => path === folder || path.startsWith(`${folder}/`))
    .sort((a, b) => b.folder.length - a.folder.length);
  return fitting[0] ?? null;
}

/** The files of the page that a file names, once for each import. Packages and styles are none. */
function importsOf(path, source, sources) {
  // Of a component its script, the lines in their places.
  const only = (part, at) => (at % 2 === 1 ? part : part.replace(/[^\n]/gu, ''));
  const script = path.endsWith('.svelte')
    ? source
        .split(/<script[^>]*>|<\/script>/u)
        .map(only)
        .join('')
    : source;
  const file = ts.createSourceFile(path, script, ts.ScriptTarget.Latest);
  const found = [];
  const visit = (node) => {
    const is_import = ts.isImportDeclaration(node) || ts.isExportDeclaration(node);
    const is_call = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
    const name = is_import ? node.moduleSpecifier : is_call ? node.arguments[0] : undefined;
    const to = name === undefined || !ts.isStringLiteral(name) ? null : resolved(path, name.text, sources);
    if (to !== null) {
      const line = file.getLineAndCharacterOfPosition(name.getStart(file)).line + 1;
      found.push({ to, line, is_type: is_import && isType(node) });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function isType(node) {
  const clause = ts.isExportDeclaration(node) ? node : node.importClause;
  if (clause === undefined || clause.isTypeOnly) return clause !== undefined;
  const names = ts.isExportDeclaration(node) ? node.exportClause : clause.namedBindings;
  return clause.name === undefined && (names?.elements?.every((one) => one.isTypeOnly) ?? false);
}

function resolved(from, name, sources) {
  if (!name.startsWith('.')) return null;
  const path = posix.join(posix.dirname(from), name);
  return [path, `${path}.ts`, `${path}/index.ts`].find((one) => sources.has(one)) ?? null;
}

/** One or more of every knot, each from its first file in order round to it again. A component that draws itself is none. */
function circles(graph) {
  const found = new Map();
  const done = new Set();
  const visit = (path, trail) => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      const circle = trail.slice(at);
      const first = circle.indexOf(circle.toSorted()[0]);
      const turned = [...circle.slice(first), ...circle.slice(0, first)];
      found.set(turned.join(' '), [...turned, turned[0]]);
    }
    if (at >= 0 || done.has(path)) return;
    for (const { to } of graph.get(path) ?? []) if (to !== path) visit(to, [...trail, path]);
    done.add(path);
  };
  for (const path of [...graph.keys()].toSorted()) visit(path, []);
  return [...found.values()];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('../src', import.meta.url));
  const sources = new Map(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(?:ts|svelte)$/u.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [relative(root, path).split(sep).join('/'), readFileSync(path, 'utf8')]),
  );
  const wrong = offences(sources);
  if (wrong.length > 0) {
    console.error(wrong.join('\n'));
    process.exit(1);
  }
}
