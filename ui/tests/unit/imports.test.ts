import { expect, test } from 'vitest';
import { offences } from '../../scripts/imports.mjs';

const wrong = (files: Record<string, string>) => offences(new Map(Object.entries(files)));

test('a circle is printed in its order, of types too', () => {
  expect(
    wrong({
      'state/a.ts': "import { b } from './b.svelte';",
      'state/b.svelte.ts': "import type { C } from './c';",
      'state/c.ts': "export * from './a';",
    }),
  ).toEqual(['imports go in a circle: state/a.ts -> state/b.svelte.ts -> state/c.ts -> state/a.ts']);
  expect(wrong({ 'state/a.ts': "const b = () => import('./b');", 'state/b.ts': "import './a';" })).toEqual([
    'imports go in a circle: state/a.ts -> state/b.ts -> state/a.ts',
  ]);
});

test('a component that draws itself is no circle', () => {
  expect(wrong({ 'view/A.svelte': "<script>\n  import Self from './A.svelte';\n</script>" })).toEqual([]);
});

test('a folder knows only those below it', () => {
  const files = {
    'lib/a.ts': '',
    'state/a.ts': "import { a } from '../lib/a';",
    'view/chat/A.svelte': "<b>import '../App.svelte'</b>\n<script>\n  import '../../state/a';\n</script>",
    'view/App.svelte': "<script>\n  import A from './chat/A.svelte';\n</script>",
  };
  expect(wrong(files)).toEqual([]);
  expect(wrong({ ...files, 'lib/a.ts': "\nimport type { A } from '../state/b';", 'state/b.ts': '' })).toEqual(
    ['lib/a.ts:2 knows state/b.ts, which is not below it'],
  );
  expect(
    wrong({ ...files, 'view/start/B.svelte': "<script>\nimport '../chat/A.svelte';\n</script>" }),
  ).toEqual(['view/start/B.svelte:2 knows view/chat/A.svelte, which is not below it']);
  expect(wrong({ 'other/a.ts': '' })).toEqual(['other/a.ts stands in no layer']);
});

test('the seam is types to all but the one that connects', () => {
  const backend = { 'backend/index.ts': '' };
  expect(
    wrong({
      ...backend,
      'main.ts': "import { connect } from './backend';",
      'lib/a.ts': "import type { Backend } from '../backend';",
      'state/a.ts': "import { type Backend } from '../backend';\nexport type { Backend } from '../backend';",
    }),
  ).toEqual([]);
  expect(wrong({ ...backend, 'state/a.ts': "import { connect, type Backend } from '../backend';" })).toEqual([
    'state/a.ts:1 knows more of the seam than its types (backend/index.ts)',
  ]);
});
