import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What stands beside the program in a release, as in `app/`: read when it runs. */
const carried = ['migrations/*.sql', 'pages/**/*.*'];

/** What decides the bytes of a release, as paths from the root; tests do not. */
const patterns = [
  'app/package.json',
  'app/src/**/*.ts',
  ...carried.map((pattern) => `app/${pattern}`),
  'approaches/release/*.ts',
  'package-lock.json',
  'LICENSE',
];

/** The same, in the words of git. */
export const inputPathspecs = [
  ...patterns.map((pattern) => `:(glob)${pattern}`),
  ':(exclude,glob)**/*.test.ts',
];

/** The files that a release carries beside the program, as paths in `app/` and in the release alike. */
export const carriedFiles = (root: string): string[] => globSync(carried, { cwd: join(root, 'app') }).sort();

/** One sha256 over the names and contents of everything that decides the bytes of a release. */
export function hashInputs(root: string): string {
  const files = globSync(patterns, { cwd: root }).filter((file) => !file.endsWith('.test.ts'));
  return hashFiles(root, files.sort());
}

/** Changes with every `npm install`, also with one that the lock file does not show. */
export function hashInstalled(root: string): string {
  return hashFiles(root, ['node_modules/.package-lock.json']);
}

function hashFiles(root: string, files: string[]): string {
  const hash = createHash('sha256');
  for (const file of files.filter((file) => existsSync(join(root, file)))) {
    const content = readFileSync(join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}
