import { hostileText, hostileValue, marker } from './hostile.ts';
import type { Target } from './operations.ts';
import type { Random } from './random.ts';

/** A request before it is serialised. */
export interface Draft {
  method: string;
  /** The request target: path and query. */
  to: string;
  headers: [name: string, value: string][];
  body?: Buffer;
}

/** The session of a browser that has loaded a form: its CSRF cookie and the token in the form. */
export interface Session {
  cookie: string;
  token: string;
}

/** A request with valid values, each of which is replaced by a hostile one with probability `wrong`. */
export function draftOf(target: Target, session: Session, wrong: number, random: Random): Draft {
  const { pick, chance } = random;
  const value = (right: string[]) => (chance(wrong) ? hostileText(random) : pick(right));
  let to = target.path;
  const query: string[] = [];
  for (const { name, in: place, right } of target.parameters) {
    if (place === 'path') to = to.replace(`{${name}}`, () => encodeURIComponent(value(right)));
    else if (chance(0.6)) query.push(`${name}=${encodeURIComponent(value(right))}`);
  }
  if (chance(wrong / 4))
    query.push(`${encodeURIComponent(hostileText(random))}=${encodeURIComponent(marker)}`);
  if (chance(wrong / 8)) query.push(...query);
  const accept = pick(['*/*', 'application/json', 'text/html', 'text/html,application/xhtml+xml,*/*;q=0.8']);
  const headers: Draft['headers'] = [
    ['Host', '127.0.0.1'],
    ['Accept', accept],
  ];
  const draft = { method: target.method, to: query.length > 0 ? `${to}?${query.join('&')}` : to, headers };
  return target.body ? { ...draft, ...withBody(draft, target.body, session, wrong, random) } : draft;
}

function withBody(
  { headers }: Draft,
  body: NonNullable<Target['body']>,
  session: Session,
  wrong: number,
  random: Random,
): Pick<Draft, 'headers' | 'body'> {
  const { pick, chance } = random;
  const types = [
    'application/json',
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/json; charset=utf-7',
    '',
  ];
  const type = chance(wrong / 5) ? pick(types) : body.type;
  const own: Draft['headers'] = [...headers, ['Content-Type', type]];
  if (body.form && !chance(wrong / 5)) own.push(['Cookie', session.cookie]);
  const fields = fieldsOf(body, wrong, random);
  if (body.form && !chance(wrong / 5)) fields.push(['crumb', session.token]);
  const text = body.form ? formOf(fields) : jsonOf(fields, wrong, random);
  return { headers: own, body: chance(wrong / 20) ? Buffer.from(text, 'latin1') : Buffer.from(text) };
}

type Fields = [name: string, value: unknown][];

function fieldsOf(
  { properties, required, form }: NonNullable<Target['body']>,
  wrong: number,
  random: Random,
) {
  const { pick, chance } = random;
  const fields: Fields = Object.entries(properties).flatMap(([name, right]) => {
    if (chance(required.includes(name) ? wrong / 4 : 0.4)) return [];
    const hostile = () => (form ? hostileText(random) : hostileValue(random));
    return [[name, chance(wrong) ? hostile() : pick(right)]];
  });
  if (chance(wrong / 4)) fields.push([pick(['__proto__', 'constructor', 'id', marker]), hostileText(random)]);
  return fields;
}

const formOf = (fields: Fields) =>
  fields.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`).join('&');

function jsonOf(fields: Fields, wrong: number, random: Random): string {
  const { pick, chance } = random;
  // Not built from an object, which would lose __proto__ and duplicate keys.
  const members = fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value ?? null)}`);
  const text = `{${members.join(',')}}`;
  if (!chance(wrong / 4)) return text;
  return pick([
    () => text.slice(0, random.whole(text.length)),
    () => `\ufeff${text}`,
    () => `[${text}]`,
    () => JSON.stringify(hostileValue(random)) ?? 'undefined',
    () => `{${[...members, ...members].join(',')}}`,
    () => `{"__proto__":{"${marker}":1},${members.join(',')}}`,
    () => text.replace('"', "'"),
    () => '['.repeat(5000),
    () => '',
  ])();
}

/** The request as bytes; it closes its connection unless `kept`. */
export function bytesOf({ method, to, headers, body }: Draft, kept = false): Buffer {
  const lines = [
    `${method} ${to} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(body ? [`Content-Length: ${body.length}`] : []),
    ...(kept ? [] : ['Connection: close']),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body ?? Buffer.alloc(0)]);
}
