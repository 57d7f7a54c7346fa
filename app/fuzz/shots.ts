import { hostileText, marker } from './hostile.ts';
import type { Target } from './operations.ts';
import type { Random } from './random.ts';
import { bytesOf, draftOf, type Session } from './request.ts';

/** The bytes for one connection, and what is known about the expected responses. */
export interface Shot {
  kind: 'values' | 'headers' | 'path' | 'pipeline' | 'lies';
  bytes: Buffer;
  /** The number of requests in it. */
  requests: number;
  /** The operation that responds, if that is certain; then there is one request. */
  target?: Target;
  /** The server can respond to every request; otherwise it may send anything but 5xx, or nothing. */
  whole: boolean;
}

/** Creates one request, several, or malformed bytes. */
export function shoot(targets: readonly Target[], session: Session, random: Random): Shot {
  const target = random.pick(targets);
  const kind = random.next();
  if (kind < 0.6) return values(target, session, random);
  if (kind < 0.74) return abusedHeaders(target, session, random);
  if (kind < 0.82) return mangledPath(target, session, random);
  if (kind < 0.88) return pipeline(targets, session, random);
  return lies(target, session, random);
}

/** A well-formed request whose values may be hostile. */
function values(target: Target, session: Session, random: Random): Shot {
  const draft = draftOf(target, session, random.pick([0, 0.3, 0.3, 1]), random);
  const shot = { kind: 'values', bytes: bytesOf(draft), requests: 1, whole: true } as const;
  // An empty segment or dots between two slashes make it another path.
  const elsewhere = target.path !== '/' && /\/\.{0,2}(?=[/?]|$)/.test(draft.to);
  return elsewhere ? shot : { ...shot, target };
}

function abusedHeaders(target: Target, session: Session, random: Random): Shot {
  const { pick, whole } = random;
  const draft = draftOf(target, session, 0.1, random);
  // A line break would end the header: `lies` covers that.
  const text = () => hostileText(random).replace(/[\r\n\0]/g, ' ');
  const names = ['X-Request-Id', 'traceparent', 'Accept', 'Cookie', 'Host', 'User-Agent', 'X-Forwarded-For'];
  const more = [
    'Accept-Encoding',
    'Accept-Language',
    'If-None-Match',
    'If-Modified-Since',
    'Range',
    'Origin',
  ];
  const odd: [string, string][] = [
    ['traceparent', '00-00000000000000000000000000000000-0000000000000000-01'],
    ['traceparent', `ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01-${marker}`],
    ['X-Request-Id', 'a'.repeat(4000)],
    ['Cookie', `crumb=${marker}; crumb="${marker}; =; ;;; \u00e9`],
    [
      'Host',
      pick([
        'counter.example.org',
        'todo.example.org',
        'POKEDEX.example.org',
        `<b>${marker}</b>`,
        '',
        '[::1]:x',
      ]),
    ],
    ['Accept', 'text/html;q=9,*/*;q=-1,,,;;q=q'],
    ['Accept-Encoding', 'gzip;q=0, *;q=0, identity;q=0'],
    ['Range', 'bytes=9-1,0-0,-9999999999999999999'],
    ['Expect', pick(['100-continue', marker])],
    ['X-HTTP-Method-Override', 'DELETE'],
    ['Authorization', `Bearer ${marker}`],
    ['Upgrade', 'websocket'],
    [`X-${marker}`, 'y'.repeat(pick([100, 9000, 20_000]))],
  ];
  for (let i = 0; i <= whole(4); i++)
    draft.headers.push(whole(2) ? pick(odd) : [pick([...names, ...more]), text()]);
  if (whole(10) === 0) for (let i = 0; i < 300; i++) draft.headers.push([`X-${i}`, marker]);
  // No target: a duplicate Content-Type or the Host of a service may change the operation.
  return { kind: 'headers', bytes: bytesOf(draft), requests: 1, whole: true };
}

function mangledPath(target: Target, session: Session, random: Random): Shot {
  const draft = draftOf(target, session, 0.2, random);
  const to = random.pick<(path: string) => string>([
    (path) => path.replaceAll('/', '//'),
    (path) => `${path}/`,
    (path) => `/..${path}`,
    (path) => `/%2e%2e/%2e%2e${path}`,
    (path) => `${path}%`,
    (path) => `${path}%c3%28%ff`,
    (path) => `${path}%00`,
    (path) => path.toUpperCase(),
    (path) => `http://${marker}.example.org${path}`,
    (path) => `//${marker}.example.org${path}`,
    (path) => `${path}#<script>${marker}</script>`,
    (path) => `${path};${marker}`,
    (path) => `${path}?${'&a[b]=1'.repeat(300)}`,
    (path) => `${path}?a=%3Cscript%3E${marker}%3C/script%3E`,
    () => `/assets/..%2f..%2f..%2fetc/passwd`,
    () => `/assets/${marker}<b>`,
    () => `/${hostileText(random).replace(/[\s\0]/g, '')}`,
    () => '*',
    () => marker,
    () => `/${'a'.repeat(15_000)}`,
    () => `/${encodeURIComponent(hostileText(random))}/${encodeURIComponent(hostileText(random))}`,
  ])(draft.to);
  const method = random.pick(['HEAD', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', draft.method, draft.method]);
  // The response to HEAD has no body despite its headers, and CONNECT gets none at all.
  const plain = method !== 'HEAD' && method !== 'CONNECT';
  return { kind: 'path', bytes: bytesOf({ ...draft, to, method }), requests: 1, whole: plain };
}

/** Several requests at once: they need as many responses, in order. */
function pipeline(targets: readonly Target[], session: Session, random: Random): Shot {
  const requests = 2 + random.whole(7);
  const drafts = Array.from({ length: requests }, () => draftOf(random.pick(targets), session, 0.1, random));
  const bytes = Buffer.concat(drafts.map((draft, i) => bytesOf(draft, i < requests - 1)));
  return { kind: 'pipeline', bytes, requests, whole: true };
}

/** Bytes that are ambiguous about the end of the request, or not a request at all. */
function lies(target: Target, session: Session, random: Random): Shot {
  const draft = draftOf(target, session, 0.2, random);
  const head = (...headers: string[]) => {
    const lines = draft.headers.map(([name, value]) => `${name}: ${value}`);
    return `${[`${draft.method} ${draft.to} HTTP/1.1`, ...lines, ...headers].join('\r\n')}\r\n\r\n`;
  };
  const body = draft.body?.toString('latin1') || '{"a":1}';
  const chunked = (size: string) => `${head('Transfer-Encoding: chunked')}${size}\r\n${body}\r\n0\r\n\r\n`;
  const smuggled = `GET /livez HTTP/1.1\r\nHost: ${marker}\r\nConnection: close\r\n\r\n`;
  const text = random.pick<() => string>([
    () => chunked((body.length + 7).toString(16)),
    () => chunked((body.length - 3).toString(16)),
    () => chunked('ffffffffffffffffff'),
    () => chunked(`-${body.length}`),
    () => chunked(`${body.length.toString(16)};${marker}=${'x'.repeat(20_000)}`),
    () => chunked('zz'),
    () => `${head('Transfer-Encoding: chunked')}5\r\nab`,
    () => `${head('Transfer-Encoding: chunked', `Content-Length: ${body.length}`)}0\r\n\r\n${smuggled}`,
    () => `${head('Content-Length: 4', 'Transfer-Encoding: chunked')}0\r\n\r\n${smuggled}`,
    () => `${head('Transfer-Encoding: chunked, identity')}${body}`,
    () => `${head('Transfer-Encoding: \x0bchunked')}${body}`,
    () => `${head('Content-Length: 5', 'Content-Length: 6')}${body}`,
    () => `${head(`Content-Length: ${body.length + 50}`)}${body}`,
    () => `${head(`Content-Length: ${body.length}`)}${body}no request\r\n\r\n`,
    () => `${head(`Content-Length: ${body.length}`)}${body}GET /${'a'.repeat(20_000)} HTTP/1.1\r\n\r\n`,
    () => `${head('Content-Length: -1')}${body}`,
    () => `${head('Content-Length: 99999999999999999999')}${body}`,
    () => `${head('Content-Length: 0x5')}${body}`,
    () => `${head('Content-Length: 2')}${body}${smuggled}`,
    () => head(`X-A: b\nX-Injected: ${marker}`),
    () => head(`X-A: b\r X-Injected: ${marker}`),
    () => head('X-A: b\r\n folded: c'),
    () => head(`${marker} : c`),
    () => head('X-\u00e9: \u0001\u0000'),
    () => head().replaceAll('\r\n', '\n'),
    () => head().replace('HTTP/1.1', random.pick(['HTTP/1.0', 'HTTP/2.0', 'HTTP/9', 'ICY', ''])),
    () => head().replace(/^\S+/, random.pick(['G\u00e9T', 'get', marker, '', '\0'])),
    () => head().replace(/Host: [^\r]*\r\n/, ''),
    () => head().replace(' ', '  '),
    () => head().slice(0, random.whole(60)),
    () => `\r\n\r\n\r\n${head()}`,
    () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    () => `PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n${head()}`,
    () => Array.from({ length: 200 }, () => String.fromCharCode(random.whole(256))).join(''),
  ])();
  return { kind: 'lies', bytes: Buffer.from(text, 'latin1'), requests: 1, whole: false };
}
