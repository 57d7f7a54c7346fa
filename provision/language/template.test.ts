import t from 'tap';
import { secret } from '../shell/secret.ts';
import { outcome } from '../testing/outcome.ts';
import { checkTemplates, render } from './template.ts';

t.test('templates are strict and track secrets', async (t) => {
  const folder = t.testdir({
    'a.hbs': '{{name}} & {{#if on}}on{{/if}} {{password}}\n',
    'b.hbs': 'x\n{{nmae}}\n',
    'c.hbs': '{{#if onn}}x{{/if}}',
    'd.hbs': '{{#if x}}',
  });
  const values = { name: 'a<b>', on: true, password: secret('pass-word-1'), other: secret('not-there') };
  t.strictSame(render(`${folder}/a.hbs`, values), {
    text: 'a<b> & on pass-word-1\n',
    secrets: ['pass-word-1'],
  });
  t.match(
    outcome(() => render(`${folder}/b.hbs`, values)),
    /b\.hbs:2: "nmae" is not defined/,
  );
  t.match(
    outcome(() => render(`${folder}/c.hbs`, values)),
    /\{\{#if\}\} uses a name that is not defined/,
  );
  t.match(
    outcome(() => render(`${folder}/d.hbs`, values)),
    /d\.hbs:\d: Parse error/,
  );
  t.match(
    outcome(() => render(`${folder}/e.hbs`, values)),
    /the template cannot be read/,
  );
});

t.test('all templates of a role are parsed before any is used', async (t) => {
  const right = { 'a.hbs': '{{#if x}}{{y}}{{/if}}', templates: { 'b.hbs': '{{z}}' }, 'c.txt': '{{#if' };
  t.doesNotThrow(() => checkTemplates(t.testdir(right)));
  const table: [Parameters<typeof t.testdir>[0], RegExp][] = [
    [{ 'a.hbs': 'x\n{{#if x}}\n' }, /\ba\.hbs:3: Parse error\n {2}→ correct the template$/],
    [{ templates: { deep: { 'b.hbs': '{{x' } } }, /templates\/deep\/b\.hbs:1: Parse error\n/],
    [{ templates: { 'b.hbs': '\n{{#if x}}{{/each}}' } }, /b\.hbs:2: if doesn't match each/],
  ];
  for (const [files, expected] of table)
    t.match(
      outcome(() => checkTemplates(t.testdir(files))),
      expected,
    );
});
