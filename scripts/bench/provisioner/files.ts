import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ofKind, variables } from './tasks.ts';

const lines = (n: number, make: (i: number) => string) => Array.from({ length: n }, (_, i) => make(i));
const text = (all: readonly string[]) => all.map((line) => `${line}\n`).join('');

/** The content of a file: 40 lines of its own. */
const plain = (name: string) => text(lines(40, (i) => `key${i} = value ${name.slice(1)} ${i}`));
/** The content of a template, with the variables in the syntax of its language. */
const listening = (name: string, port: string | number) =>
  text([`# ${name}`, ...lines(30, (i) => `listen${i} = ${port}`)]);

/** Writes the workload's local files: `NAME.conf`, and each template in Jinja and in Handlebars. */
export function writeFiles(folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const { from } of ofKind('file')) writeFileSync(join(folder, `${from}.conf`), plain(from));
  for (const { from } of ofKind('template')) {
    writeFileSync(join(folder, `${from}.j2`), listening('{{ app_name }}', '{{ app_port }}'));
    writeFileSync(join(folder, `${from}.hbs`), listening('{{app_name}}', '{{app_port}}'));
  }
  return folder;
}

/** The files that a host must have in the end: path → sha256. */
export function expectedSums(): ReadonlyMap<string, string> {
  const rendered = listening(variables.app_name, variables.app_port);
  const contents = [
    ...ofKind('file').map(({ path, from }) => [path, plain(from)] as const),
    ...ofKind('template').map(({ path }) => [path, rendered] as const),
    ...ofKind('text').map(({ path, text }) => [path, text] as const),
  ];
  return new Map(
    contents.map(([path, content]) => [path, createHash('sha256').update(content).digest('hex')]),
  );
}
