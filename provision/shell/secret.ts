import { inspect } from 'node:util';

/**
 * A value that must never be seen: it cannot be turned into a string by accident. `reveal` is the only way in,
 * and only the `sh` template, templates and file contents call it.
 */
export interface Secret<T extends string = string> {
  readonly [brand]: T;
}

declare const brand: unique symbol;
const values = new WeakMap<object, string>();
const REDACTED = '********';

const guard = {
  toString: refuse,
  [Symbol.toPrimitive]: refuse,
  toJSON: () => REDACTED,
  [inspect.custom]: () => `Secret(${REDACTED})`,
};

export function secret(value: string): Secret {
  const made = Object.freeze(Object.create(guard)) as Secret;
  values.set(made, value);
  return made;
}

export function isSecret(value: unknown): value is Secret {
  return typeof value === 'object' && value !== null && values.has(value);
}

export function reveal(hidden: Secret): string {
  const value = values.get(hidden);
  if (value === undefined) throw new TypeError('not a secret');
  return value;
}

/**
 * Hides every secret in a text, also in the forms that quoting for the shell or SQL gives it.
 * Longest first, so that a secret that contains another is hidden whole.
 */
export function redact(text: string, secrets: Iterable<string>): string {
  const forms = new Set<string>();
  for (const value of secrets) {
    if (value === '') continue;
    forms.add(value);
    for (const line of value.split('\n')) if (line.length >= 8) forms.add(line);
    forms.add(value.replaceAll("'", `'\\''`));
    forms.add(value.replaceAll('\\', '\\\\').replaceAll("'", "\\'"));
    forms.add(Buffer.from(value).toString('base64'));
  }
  let redacted = text;
  for (const form of [...forms].sort((a, b) => b.length - a.length))
    redacted = redacted.replaceAll(form, REDACTED);
  return redacted;
}

function refuse(): never {
  throw new TypeError('a Secret cannot be turned into a string; pass it to sh`…` or a template as it is');
}
