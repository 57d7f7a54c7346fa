import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../provision/cli/approaches.ts';

/** A command in a page. */
export interface Line {
  readonly page: string;
  readonly text: string;
}

/** Every page of the project. */
export const pages: readonly string[] = globSync(
  ['*.md', 'app/README.md', 'demo/README.md', 'docs/**/*.md', 'approaches/*/README.md'],
  { cwd: ROOT },
).sort();

/** Programs whose commands are checked wherever a page shows them with arguments. */
const programs =
  'npm npx node vagrant docker curl ssh scriptreplay sudo apt-get systemctl journalctl virsh git'.split(' ');

/** The program of a line, after any variables that are set for it. */
export const programOf = (text: string): string =>
  text
    .replace(/^(\w+=("[^"]*"|\S*) +)+/, '')
    .split(' ')
    .at(0) ?? '';

/** The commands in a page: in shell blocks, in indented blocks, and between backticks. */
export function commandsIn(text: string): string[] {
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
    block.replaceAll(/\\\n\s*/g, '').split('\n'),
  );
  const outside = text.replaceAll(/```[\s\S]*?```/g, '');
  const indented = [...outside.matchAll(/^ {4}(\S.*)$/gm)].map(([, line = '']) => line);
  const inline = [...outside.matchAll(/`([^`\n]+)`/g)].map(([, line = '']) => line);
  const known = [...indented, ...inline].filter(
    (line) => line.includes(' ') && programs.includes(programOf(line)),
  );
  const lines = [...blocks, ...known].map((line) => line.replace(/(^|\s+)#.*$/, '').replace(/ {2,}.*$/, ''));
  return lines.map((line) => line.trim()).filter(Boolean);
}

/** The commands of all pages, without duplicates. */
export function allCommands(): readonly Line[] {
  const found = pages.flatMap((page) =>
    commandsIn(readFileSync(join(ROOT, page), 'utf8')).map((text) => ({ page, text })),
  );
  return [...new Map(found.toReversed().map((line) => [line.text, line])).values()].toReversed();
}
