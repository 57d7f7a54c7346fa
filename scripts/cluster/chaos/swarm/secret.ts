import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { failure } from '../../../../provision/index.ts';

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
