import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { z } from 'zod';
import { didYouMean, inputError, type ProvisionError } from '../errors.ts';

/**
 * Reads and checks a YAML file. One error lists every problem, one line each:
 * `file:line:column: path: what was expected, what was found; did you mean …`.
 *
 * @throws ProvisionError (input)
 */
export function loadYaml<S extends z.ZodType>(file: string, schema: S, todo?: string): z.output<S> {
  return loadPlaced(file, schema, todo).value;
}

/** Like `loadYaml`, and also returns the place of each part, for errors that are found later. */
export function loadPlaced<S extends z.ZodType>(
  file: string,
  schema: S,
  todo?: string,
): { value: z.output<S>; where(path: readonly PropertyKey[]): string } {
  const { data, document, counter } = parseYaml(file);
  const where = (path: readonly PropertyKey[]) => position(file, document.contents, path, counter);
  const result = schema.safeParse(data);
  if (result.success) return { value: result.data, where };
  const problems = result.error.issues.flatMap((issue) => describe(issue, data, schema));
  throw combine(
    problems.map(({ path, message, key }) => ({
      place: where([...path, ...(key === undefined ? [] : [key])]),
      what: `${[...path, ...(key === undefined ? [] : [key])].join('.') || 'the file'}: ${message}`,
    })),
    todo,
  );
}

/** The parsed document with its positions. Refuses duplicate keys, tabs and syntax errors. */
export function parseYaml(file: string) {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = { ENOENT: 'there is no such file', EACCES: 'permission denied', EISDIR: 'it is a directory' };
    throw inputError({
      place: shown(file),
      what: 'cannot be read',
      why: why[code as 'ENOENT'] ?? String(code),
    });
  }
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, uniqueKeys: true, prettyErrors: false });
  if (document.errors.length > 0) {
    throw combine(
      document.errors.map((error) => {
        const { line, col } = counter.linePos(error.pos[0]);
        return { place: `${shown(file)}:${line}:${col}`, what: syntax(error.code, error.message) };
      }),
    );
  }
  if (document.contents === null) {
    throw inputError({ place: `${shown(file)}:1:1`, what: 'the file is empty', why: 'expected a mapping' });
  }
  return { data: document.toJS() as unknown, document, counter, text };
}

export interface Problem {
  path: PropertyKey[];
  message: string;
  /** An unknown key below `path`. */
  key?: string;
}

/** The beginning of the message for a wrong secret, whose value is not shown. */
export const SECRET_EXPECTED = 'expected a secret';

/** Describes a zod issue: expected, found, did you mean. zod's own messages are never shown. */
export function describe(issue: z.core.$ZodIssue, data: unknown, schema: z.ZodType): Problem[] {
  const path = [...issue.path];
  const found = at(data, path);
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path);
    return issue.keys.map((key) => ({
      path,
      key,
      message: `unknown key${didYouMean(key, known)}${known.length ? ` (known: ${known.join(', ')})` : ''}`,
    }));
  }
  if (found === undefined && issue.code !== 'custom')
    return [{ path, message: `missing, expected ${expected(issue)}` }];
  if (issue.code === 'custom') return [{ path, message: issue.message }];
  // The value may be a secret with a typing error.
  if (issue.message.startsWith(SECRET_EXPECTED)) return [{ path, message: issue.message }];
  const text = issue.code === 'invalid_type' && issue.expected === 'string' && isPlain(found);
  const hint = text ? ' (text that looks like a number or a boolean needs quotes)' : '';
  return [{ path, message: `expected ${expected(issue)}, found ${show(found)}${hint}` }];
}

const isPlain = (value: unknown) => typeof value === 'number' || typeof value === 'boolean';

/** Combines several problems into one error with a self-contained line for each. */
export function combine(problems: { place: string; what: string }[], todo?: string): ProvisionError {
  const [first, ...rest] = problems;
  if (!first) throw new TypeError('no problem to report');
  const what = [first.what, ...rest.map(({ place, what }) => `\n${place}: ${what}`)].join('');
  return inputError({ place: first.place, what, ...(todo ? { todo } : {}) });
}

export const shown = (file: string) => {
  const path = relative(process.cwd(), file);
  return path.startsWith('..') ? file : path;
};

/** `file:line:column` of a path in a document, or of its nearest existing parent. */
export function position(
  file: string,
  root: unknown,
  path: readonly PropertyKey[],
  counter: LineCounter,
): string {
  let node = root as Node | null;
  let offset = node?.range?.[0] ?? 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key: k }) => isScalar(k) && String(k.value) === String(key));
      if (!pair) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value as Node | null;
    } else if (isSeq(node)) {
      node = (node.items[Number(key)] as Node | undefined) ?? null;
      offset = node?.range?.[0] ?? offset;
    } else if (!isAlias(node)) break;
  }
  const { line, col } = counter.linePos(offset);
  return `${shown(file)}:${line}:${col}`;
}

function syntax(code: string, message: string): string {
  if (code === 'TAB_AS_INDENT') return 'a tab is used for indentation, but YAML allows only spaces';
  if (code === 'DUPLICATE_KEY') return 'duplicate key';
  const [, kind] =
    /^Flow (sequence|map) in block collection must be sufficiently indented/.exec(message) ?? [];
  if (kind)
    return `not valid YAML: a "${kind === 'map' ? '{' : '['}" is not closed, or the lines up to its end are not indented far enough`;
  return `not valid YAML: ${message.split('\n')[0]}`;
}

/** A schema's own messages may already begin with "expected". */
const expected = (issue: z.core.$ZodIssue): string => wanted(issue).replace(/^expected /, '');

function wanted(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return (
        {
          object: 'a mapping',
          record: 'a mapping',
          array: 'a list',
          string: 'a string',
          number: 'a number',
          int: 'a whole number',
          boolean: 'true or false',
        }[issue.expected as string] ?? `${issue.expected}`
      );
    case 'invalid_value':
      return issue.values.length === 1
        ? show(issue.values[0])
        : `one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}${unit(issue.origin, issue.minimum)}`;
    case 'too_big':
      return `${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}${unit(issue.origin, issue.maximum)}`;
    case 'invalid_format':
      return issue.message.startsWith('Invalid')
        ? (FORMATS[issue.format] ?? `something like ${issue.pattern ?? issue.format}`)
        : issue.message;
    case 'invalid_union': {
      if (!issue.message.startsWith('Invalid')) return issue.message;
      const kinds = issue.errors.flat().map(expected);
      return [...new Set(kinds)].join(' or ') || issue.message;
    }
    default:
      return issue.message;
  }
}

const FORMATS: Readonly<Record<string, string>> = {
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
  cidrv4: 'an IPv4 network such as 10.0.0.0/8',
  cidrv6: 'an IPv6 network such as fd00::/8',
  url: 'a URL',
};

function unit(origin: string, count: number | bigint): string {
  const one = { string: ' character', array: ' element' }[origin];
  return one === undefined || count === 1 ? (one ?? '') : `${one}s`;
}

function show(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string'
    ? JSON.stringify(value)
    : `${typeof value === 'number' ? 'the number ' : ''}${String(value)}`;
}

function at(data: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    data,
  );
}

/** The keys allowed in the mapping at `path`, as candidates for "did you mean". */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const inner = unwrapped(schema);
  const [key, ...rest] = path;
  if (inner instanceof z.ZodObject) {
    if (key === undefined) return Object.keys(inner.shape);
    const next = inner.shape[String(key)];
    return next ? keysAt(next, rest) : [];
  }
  if (key === undefined) return [];
  if (inner instanceof z.ZodRecord) return keysAt(inner.valueType as z.ZodType, rest);
  if (inner instanceof z.ZodArray) return keysAt(inner.element as z.ZodType, rest);
  return [];
}

/** The schema inside `.optional()`, `.default()`, `.nullable()` and `.transform()`. */
function unwrapped(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodPipe) return unwrapped(schema.in as z.ZodType);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return unwrapped(schema.unwrap() as z.ZodType);
  }
  return schema;
}
