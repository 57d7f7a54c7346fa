import { globSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { ROOT } from './machine.ts';

/** Clones this checkout into an empty folder, with its programs, secrets and cache: a test releases a change from there. */
export async function cloneInto(folder: string): Promise<void> {
  await execa('git', ['clone', '-q', ROOT, folder]);
  await execa('ln', ['-s', join(ROOT, 'node_modules'), join(folder, 'node_modules')]);
  await execa('cp', ['-a', join(ROOT, '.secrets'), join(ROOT, '.cache'), folder]);
  for (const secrets of globSync('approaches/*/secrets', { cwd: ROOT }))
    await execa('cp', ['-a', join(ROOT, secrets), join(folder, secrets)]);
}
