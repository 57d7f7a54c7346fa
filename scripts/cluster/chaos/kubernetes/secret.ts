import { readFileSync, writeFileSync } from 'node:fs';
import { failure } from '../../../../provision/index.ts';
import { rotateSecrets } from '../../../../provision/secrets/environment.ts';
import { vaultFor } from '../../../secrets/arguments.ts';
import type { Target } from './target.ts';

/**
 * Replaces a secret of the environment, as `npm run secrets -- rotate` does; the next provisioning run applies it.
 * Returns how to restore the file.
 */
export async function rotate(
  { approach, environment, progress }: Pick<Target, 'approach' | 'environment' | 'progress'>,
  name: string,
): Promise<() => void> {
  const vault = await vaultFor(approach, environment);
  const before = readFileSync(vault.file, 'utf8');
  const replaced = await rotateSecrets(vault, (one) => one === name, progress);
  if (replaced.length === 0) throw failure({ place: vault.file, what: `has no "${name}"` });
  return () => writeFileSync(vault.file, before);
}
