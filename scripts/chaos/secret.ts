import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failure } from '../../provision/errors.ts';
import { checkout } from './provision.ts';

/** The secrets that can be made anew while everything runs; the first that an approach has is taken. */
const names = ['mysql'];

/** Gives an approach another secret, which the next run of the provisioner takes out. Answers how to go back. */
export function rotate(approach: string): () => void {
  const file = join(checkout, '.secrets', `${approach}.json`);
  const before = readFileSync(file, 'utf8');
  const values = JSON.parse(before) as Record<string, string>;
  const name = names.find((name) => values[name] !== undefined);
  if (name === undefined)
    throw failure({ place: `.secrets/${approach}.json`, what: `has none of: ${names.join(', ')}` });
  const write = (text: string) => writeFileSync(file, text, { mode: 0o600 });
  write(`${JSON.stringify({ ...values, [name]: randomBytes(24).toString('base64url') }, null, 2)}\n`);
  return () => write(before);
}
