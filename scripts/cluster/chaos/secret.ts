import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { failure } from '../../../provision/index.ts';

/**
 * Gives an approach another secret of that name, in the file where they are kept; the next run of the provisioner brings it to the
 * machines. Answers how to put the old one back.
 */
export function rotate(file: string, name: string): () => void {
  const before = readFileSync(file, 'utf8');
  const values = JSON.parse(before) as Record<string, string>;
  if (values[name] === undefined) throw failure({ place: file, what: `has no "${name}"` });
  const write = (text: string) => writeFileSync(file, text, { mode: 0o600 });
  write(`${JSON.stringify({ ...values, [name]: randomBytes(24).toString('base64url') }, null, 2)}\n`);
  return () => write(before);
}
