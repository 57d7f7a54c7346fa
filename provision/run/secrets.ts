import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { inputError } from '../errors.ts';
import { shown } from '../input/yaml.ts';
import { type Secret, secret } from '../shell/secret.ts';

/**
 * Generated secrets of one approach, 192 bits each, in a JSON file with mode 0600 that git ignores. Each is generated
 * once and read from then on.
 */
export function secretStore(file: string): (name: string) => Secret {
  let values: Record<string, string> | undefined;
  return (name) => {
    values ??= read(file);
    const known = values[name];
    if (known !== undefined) return secret(known);
    const made = randomBytes(24).toString('base64url');
    values = { ...values, [name]: made };
    write(file, values);
    return secret(made);
  };
}

function read(file: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw inputError({
      place: shown(file),
      what: 'the generated secrets cannot be read',
      why: (error as Error).message,
    });
  }
  if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
  try {
    return JSON.parse(text) as Record<string, string>;
  } catch {
    throw inputError({
      place: shown(file),
      what: 'is not valid JSON',
      todo: 'restore it from a backup: the machines were provisioned with the secrets in this file',
    });
  }
}

function write(file: string, values: Record<string, string>): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.draft`;
  writeFileSync(draft, `${JSON.stringify(values, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
}
