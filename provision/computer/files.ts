import { chmodSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';

/** Creates a folder that only its owner can read, with its parents. */
export function privateFolder(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  return folder;
}

/** Writes a file atomically: a draft, renamed. */
export function writeWhole(file: string, text: string): void {
  const draft = `${file}.${process.pid}.draft`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}
