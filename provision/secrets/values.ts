import { randomBytes } from 'node:crypto';
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { combine } from '../input/yaml.ts';

const NAME = /^[a-z][a-z0-9_-]{0,62}$/;

/** What is wrong with secrets, and where. Never shows a value. */
interface Problem {
  readonly at: number;
  readonly what: string;
}

/**
 * The secrets in a YAML text: names and their values. An empty text has none.
 *
 * @param place the file that a person knows, for errors
 * @throws ProvisionError (input) that lists every problem with its line and column
 */
export function valuesOf(text: string, place: string): Map<string, string> {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, uniqueKeys: true, prettyErrors: false });
  const problems: Problem[] = document.errors.map(({ pos, code }) => ({
    at: pos[0],
    what: code === 'DUPLICATE_KEY' ? 'this name is set twice' : 'this is not valid YAML',
  }));
  const { contents } = document;
  const values = new Map<string, string>();
  if (contents !== null && !isMap(contents))
    problems.push({ at: contents.range?.[0] ?? 0, what: 'expected lines such as name: value' });
  for (const { key, value } of isMap(contents) ? contents.items : []) {
    const at = isScalar(key) ? (key.range?.[0] ?? 0) : 0;
    const name = isScalar(key) ? String(key.value) : '';
    if (!NAME.test(name))
      problems.push({ at, what: 'expected a name of lower-case letters, digits, "-" and "_"' });
    else if (isScalar(value) && typeof value.value === 'string' && value.value !== '')
      values.set(name, value.value);
    else
      problems.push({
        at,
        what: `${name}: expected text that is not empty, with quotes around a number`,
      });
  }
  if (problems.length === 0) return values;
  throw combine(
    problems.map(({ at, what }) => {
      const { line, col } = counter.linePos(at);
      return { place: `${place}:${line}:${col}`, what };
    }),
  );
}

/** The text with these values added or replaced; comments and order stay. */
export function withValues(text: string, values: ReadonlyMap<string, string>): string {
  for (const name of values.keys())
    if (!NAME.test(name)) throw new TypeError(`a secret cannot have the name ${JSON.stringify(name)}`);
  const document = parseDocument(text);
  if (document.contents === null)
    return `${text}${[...values].map(([name, value]) => `${name}: ${value}\n`).join('')}`;
  for (const [name, value] of values) document.set(name, value);
  return document.toString({ lineWidth: 0 });
}

/** 192 bits, in characters that need no quotes in a shell, a URL, a configuration file or YAML. */
export function generated(): string {
  for (;;) {
    const value = randomBytes(24).toString('base64url');
    if (/^[A-Za-z].*[A-Za-z0-9]$/.test(value)) return value;
  }
}
