import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { failure } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Approach, Expected, Verification } from '../language/approach.ts';
import { grouped } from '../language/groups.ts';
import type { Reporter } from '../report/events.ts';
import { hostChecks } from './hostChecks.ts';
import type { Open } from './options.ts';

/** Seconds to wait for the expected answer while the answers are different, and while nothing answers. */
interface Wait {
  readonly wrong: number;
  readonly absent: number;
}

/** A machine on an emulated processor needs about a minute after its start until it serves requests. */
const WAIT: Wait = { wrong: 30, absent: 120 };

/** The status of a proxy without a server behind it, and of a server that is not ready. */
const notYet = [502, 503, 504];

/** The URL of a port of a host, seen from this computer: a forwarded port, or the host's own address. */
export function urlOf({ address, forwarded }: Host, port: number, path = '/'): string {
  const to = forwarded[port] ?? { address, port };
  const scheme = port === 443 ? 'https' : 'http';
  const usual = to.port === (scheme === 'https' ? 443 : 80);
  return `${scheme}://${to.address.includes(':') ? `[${to.address}]` : to.address}${usual ? '' : `:${to.port}`}${path}`;
}

/**
 * Checks the running system: over HTTP, as a user would, and on the hosts themselves.
 *
 * @throws ProvisionError (failed) at the first wrong answer
 */
export async function verify<G extends string>(
  approach: Approach<G>,
  hosts: readonly Host[],
  report: Reporter,
  open: Open,
  wait: Wait = WAIT,
): Promise<void> {
  const { check, close } = hostChecks(open, report);
  const context: Verification<G> = {
    check,
    hosts: grouped(approach.groups, hosts),
    environments: approach.environments ?? [],
    url: urlOf,
    expect: async (url, expected) => {
      const start = performance.now();
      const done = (ok: boolean, answer: string) =>
        report({
          event: 'verify',
          check: `${expected.method ?? 'GET'} ${url}`,
          ok,
          seconds: (performance.now() - start) / 1000,
          answer,
        });
      for (let tries = 0; ; tries++) {
        const answer = await ask(url, expected);
        if (answer.ok) {
          done(true, answer.shown);
          return answer.body;
        }
        if (performance.now() - start > (answer.absent ? wait.absent : wait.wrong) * 1000) {
          done(false, answer.shown);
          throw failure({
            place: url,
            what: `expected ${wanted(expected)}`,
            why: `found ${answer.shown}`,
            ...(approach.hint === undefined ? {} : { todo: approach.hint }),
          });
        }
        if (tries > 0)
          report({ event: 'progress', topic: 'verify', message: `waiting for ${url}: ${answer.shown}` });
        await sleep(Math.min(250 * 2 ** tries, 2000));
      }
    },
  };
  try {
    await approach.verify(context);
  } finally {
    await close();
  }
}

const wanted = ({ status = 200, body }: Expected) =>
  `status ${status}${body === undefined ? '' : ` and ${body instanceof RegExp ? body : JSON.stringify(body)}`}`;

interface Asked {
  readonly ok: boolean;
  /** No server has answered yet, so the answer cannot be wrong. */
  readonly absent: boolean;
  readonly shown: string;
  readonly body: string;
}

async function ask(url: string, expected: Expected): Promise<Asked> {
  const { status = 200, body, secure } = expected;
  try {
    const first = await request(url, expected);
    const answer = first.status === 308 && secure !== undefined ? await request(secure, expected) : first;
    const fits =
      body === undefined || (body instanceof RegExp ? body.test(answer.body) : body === answer.body);
    const text = answer.body.trim().replaceAll(/\s+/g, ' ').slice(0, 80);
    const through = answer === first ? '' : ` (through ${secure})`;
    const shown = `${answer.status} ${text}${through}`.trim();
    return {
      ok: answer.status === status && fits,
      absent: notYet.includes(answer.status),
      shown,
      body: answer.body,
    };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { ok: false, absent: true, shown: absences[code ?? ''] ?? message, body: '' };
  }
}

/** Why nothing answers, by the code of the error. */
const absences: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was closed before the answer was complete',
  EHOSTUNREACH: 'no route to the host',
  ENOTFOUND: 'unknown host name',
  ETIMEDOUT: 'no answer: timed out',
};

interface Answer {
  readonly status: number;
  readonly body: string;
}

/**
 * `fetch` cannot accept a self-signed certificate, so node:https is used. Redirects are not followed.
 * To `import` node:http would load `fetch` with it, to know its exports: 20 ms of every run.
 */
function request(url: string, { method = 'GET', send, accept }: Expected): Promise<Answer> {
  const http = process.getBuiltinModule(url.startsWith('https:') ? 'node:https' : 'node:http');
  const content = send === undefined ? undefined : JSON.stringify(send);
  const headers = {
    ...(accept === undefined ? {} : { accept }),
    ...(content === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) }),
  };
  const options = { method, headers, timeout: 5000, agent: false as const, rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    const asked = http.request(url, options, (response) => void whole(response).then(resolve, reject));
    asked.on('timeout', () => asked.destroy(new Error('no answer within 5 s')));
    asked.on('error', reject);
    asked.end(content);
  });
}

async function whole(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') };
}
