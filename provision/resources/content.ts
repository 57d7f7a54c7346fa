import { inputError } from '../errors.ts';
import type { Text } from '../language/template.ts';
import { isSecret, reveal, type Secret, secret } from '../shell/secret.ts';
import { type Script, sh } from '../shell/sh.ts';

/** The content of a file: plain text, a secret, or a rendered template with the secrets in it. */
export type Content = string | Secret | Text;

/** @throws ProvisionError (input) for a NUL byte, which cannot be passed through a shell */
export function textOf(place: string, content: Content): Text {
  const text = isSecret(content)
    ? { text: reveal(content), secrets: [reveal(content)] }
    : typeof content === 'string'
      ? { text: content, secrets: [] }
      : content;
  if (!text.text.includes('\0')) return text;
  throw inputError({
    place,
    what: 'the content contains a NUL byte',
    todo: 'for binary files use artefact(…)',
  });
}

/** Marks the secrets in a script, so that they are redacted in its output. */
export function withSecrets(secrets: readonly string[], script: Script): Script {
  return secrets.length === 0
    ? script
    : sh`: ${secrets.map((value) => secret(value))}
${script}`;
}
