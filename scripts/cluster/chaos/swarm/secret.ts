import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failure } from '../../../../provision/index.ts';
import { checkout } from '../provisioner.ts';
import type { Target } from './target.ts';

/** Replaces a secret of the approach, whose file is in `.secrets/`. Returns how to restore it. */
export const rotate = async ({ approach }: Pick<Target, 'approach'>, name: string): Promise<() => void> =>
  rotateSecret(join(checkout, '.secrets', `${approach}.json`), name);

/**
 * Replaces a generated secret in the secrets file of an approach; the next provisioning run applies it to the machines.
 * Returns how to restore the old one.
 */
export function rotateSecret(file: string, name: string): () => void {
  const before = readFileSync(file, 'utf8');
  const values = JSON.parse(before) as Record<string, string>;
  if (values[name] === undefined) throw failure({ place: file, what: `has no "${name}"` });
  const write = (text: string) => writeFileSync(file, text, { mode: 0o600 });
  write(`${JSON.stringify({ ...values, [name]: randomBytes(24).toString('base64url') }, null, 2)}\n`);
  return () => write(before);
}
