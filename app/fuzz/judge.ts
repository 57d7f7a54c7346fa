import type { JsonSchema } from '../src/http/operations/openapi.ts';
import { marker, markup } from './hostile.ts';
import { reader, type Target } from './operations.ts';
import type { Shot } from './shots.ts';
import type { Answer, Exchange } from './wire.ts';

/** Statuses that any operation may return without documenting them: malformed or too long. */
const always = new Set([400, 431]);

/** The same for operations with a body: too large, of another media type, or without a CSRF token. */
const ofBodies = new Set([403, 413, 415]);

/** The problems of an exchange with TheAPP. */
export function judge({ whole, requests, target }: Shot, { answers, rest, hung }: Exchange): string[] {
  const problems = answers.flatMap(judgeAnswer);
  if (hung) problems.push('the connection was not closed');
  // The rest of a response to HEAD, which has no body, or of an incomplete response.
  if (/^HTTP\/1\.1 5/.test(rest)) problems.push(rest.slice(0, 200));
  if (!whole) return problems;
  if (rest !== '') problems.push(`not a response: ${JSON.stringify(rest.slice(0, 200))}`);
  // An error response to one of several requests may close the connection before the others.
  const refused = answers.some(({ status }) => status >= 400);
  if (answers.length !== requests && !refused)
    problems.push(`${answers.length} responses to ${requests} requests`);
  const [only] = answers;
  if (target && only) problems.push(...conformity(target, only));
  return problems;
}

function judgeAnswer({ status, headers, body }: Answer): string[] {
  const problems: string[] = [];
  const text = body.toString();
  const ours = body.includes(marker) ? markup.exec(text)?.[0] : undefined;
  if (status >= 500) problems.push(`${status}: ${text.slice(0, 200)}`);
  if (ours && /html|xml|svg/.test(headers['content-type'] ?? ''))
    problems.push(`hostile markup in a page: ${ours}`);
  if (body.length > 0 && headers['x-content-type-options'] !== 'nosniff')
    problems.push(`a body without nosniff: ${text.slice(0, 200)}`);
  if ('x-injected' in headers) problems.push('injected header');
  const inner = status >= 400 && /node_modules|\bat \S+:\d+:\d+|SQLSTATE|ER_[A-Z]+|ECONN/.test(text);
  if (inner) problems.push(`internal details: ${text.slice(0, 200)}`);
  return problems;
}

/** Checks that the response is documented and matches its schema. */
function conformity(
  { method, path, responses, body: takesBody }: Target,
  { status, headers, body }: Answer,
): string[] {
  const documented = responses[status];
  const general = always.has(status) || (takesBody && ofBodies.has(status));
  if (!documented) return general ? [] : [`${method} ${path}: ${status} is not documented`];
  const content = documented.content;
  if (!content || status >= 300) return [];
  const given = headers['content-type'] ?? '';
  const [type = '', described] = Object.entries(content).find(([type]) => given.startsWith(type)) ?? [];
  // A page for clients that prefer HTML is documented in words only.
  if (type === '' && (!given.startsWith('text/html') || 'application/json' in content))
    return [`${method} ${path}: ${given} is not documented`];
  if (type !== 'application/json' || !described?.schema) return [];
  if (readerOf(described.schema)(JSON.parse(body.toString()))) return [];
  return [`${method} ${path}: does not match its schema: ${body.toString().slice(0, 200)}`];
}

const readers = new Map<JsonSchema, (value: unknown) => boolean>();

function readerOf(schema: JsonSchema) {
  const known = readers.get(schema) ?? reader(schema);
  readers.set(schema, known);
  return known;
}
