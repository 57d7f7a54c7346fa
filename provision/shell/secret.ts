import { inspect } from 'node:util';

/**
 * A value that must not be shown: it cannot be converted to a string by accident. Only `reveal` returns the value,
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
 * Redacts every secret in a text, including its forms quoted for the shell and for SQL, and in base64.
 * The longest come first, so that a secret that contains another is redacted as a whole.
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
  throw new TypeError(
    'a Secret cannot be converted to a string; pass it to sh`…` or to a template unchanged',
  );
}
