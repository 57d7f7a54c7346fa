import { inputError } from '../errors.ts';
import type { Text } from '../language/template.ts';
import { isSecret, reveal, type Secret, secret } from '../shell/secret.ts';
import { type Script, sh } from '../shell/sh.ts';

/** What a file may hold: plain text, a secret, or a rendered template that knows which secrets stand in it. */
export type Content = string | Secret | Text;

/** @throws ProvisionError (input) for a NUL byte, which no shell can carry */
export function textOf(place: string, content: Content): Text {
  const text = isSecret(content)
    ? { text: reveal(content), secrets: [reveal(content)] }
    : typeof content === 'string'
      ? { text: content, secrets: [] }
      : content;
  if (!text.text.includes('\0')) return text;
  throw inputError({ place, what: 'the content holds a NUL byte', todo: 'binary files are artefact(…)' });
}

/** The script, told which secrets stand in it, so that whoever prints its output masks them. */
export function hiding(secrets: readonly string[], script: Script): Script {
  return secrets.length === 0
    ? script
    : sh`: ${secrets.map((value) => secret(value))}
${script}`;
}
