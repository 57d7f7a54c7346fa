import type { JsonSchema } from '../src/http/operations/openapi.ts';
import { marker, markup } from './hostile.ts';
import { reader, type Target } from './operations.ts';
import type { Shot } from './shots.ts';
import type { Answer, Exchange } from './wire.ts';

/** Answers that any operation may give before its own words count: not well formed, too long. */
const always = new Set([400, 431]);

/** The same for what has a body: too long, of another type, without a token for the form. */
const ofBodies = new Set([403, 413, 415]);

/** What is wrong with how TheAPP answered, in words; nothing when all is well. */
export function judge({ whole, requests, target }: Shot, { answers, rest, hung }: Exchange): string[] {
  const problems = answers.flatMap(judgeAnswer);
  if (hung) problems.push('the connection was not closed');
  // What is left of an answer to HEAD, which has no body, or of one that was cut off.
  if (/^HTTP\/1\.1 5/.test(rest)) problems.push(rest.slice(0, 200));
  if (!whole) return problems;
  if (rest !== '') problems.push(`not an answer: ${JSON.stringify(rest.slice(0, 200))}`);
  // Who refuses one request of several refuses the rest by closing the connection.
  const refused = answers.some(({ status }) => status >= 400);
  if (answers.length !== requests && !refused) problems.push(`${answers.length} answers to ${requests}`);
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
    problems.push(`markup of ours in a page: ${ours}`);
  if (body.length > 0 && headers['x-content-type-options'] !== 'nosniff')
    problems.push(`a body that a browser may take for a page: ${text.slice(0, 200)}`);
  if ('x-injected' in headers) problems.push('a header of ours');
  const inner = status >= 400 && /node_modules|\bat \S+:\d+:\d+|SQLSTATE|ER_[A-Z]+|ECONN/.test(text);
  if (inner) problems.push(`inner words: ${text.slice(0, 200)}`);
  return problems;
}

/** Whether the answer is one that the document tells of. */
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
  // Who prefers pages is given one, of which the document speaks in words.
  if (type === '' && (!given.startsWith('text/html') || 'application/json' in content))
    return [`${method} ${path}: ${given} is not documented`];
  if (type !== 'application/json' || !described?.schema) return [];
  if (readerOf(described.schema)(JSON.parse(body.toString()))) return [];
  return [`${method} ${path}: not as its schema says: ${body.toString().slice(0, 200)}`];
}

const readers = new Map<JsonSchema, (value: unknown) => boolean>();

function readerOf(schema: JsonSchema) {
  const known = readers.get(schema) ?? reader(schema);
  readers.set(schema, known);
  return known;
}
