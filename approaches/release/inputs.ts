import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files in `app/` that the program reads at run time. */
const carried = ['migrations/*.sql', 'pages/**/*.*'];

/** The files that determine the bytes of a release, as paths from the root. Tests are excluded below. */
const patterns = [
  'app/package.json',
  'app/src/**/*.ts',
  ...carried.map((pattern) => `app/${pattern}`),
  'approaches/release/*.ts',
  'package-lock.json',
  'LICENSE',
];

/** The same files, as pathspecs for git. */
export const inputPathspecs = [
  ...patterns.map((pattern) => `:(glob)${pattern}`),
  ':(exclude,glob)**/*.test.ts',
];

/** The files in a release besides the program. Their paths in the release are those in `app/`. */
export const carriedFiles = (root: string): string[] => globSync(carried, { cwd: join(root, 'app') }).sort();

/** A sha256 of the names and contents of all files that determine the bytes of a release. */
export function hashInputs(root: string): string {
  const files = globSync(patterns, { cwd: root }).filter((file) => !file.endsWith('.test.ts'));
  return hashFiles(root, files.sort());
}

/** Changes with every `npm install`, even if the lock file does not change. */
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
