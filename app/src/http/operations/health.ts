import type { ResponseToolkit } from '@hapi/hapi';
import { z } from 'zod';
import { type AnyEndpoint, endpoint } from '../endpoint.ts';

/** What is wrong with a dependency, in words fit for anybody. */
export interface Finding {
  message: string;
  /** True when TheAPP cannot serve without it; otherwise it serves with less. */
  required: boolean;
}

/** Asks one dependency how it is; nothing is wrong when it answers nothing. */
export type Check = () => Promise<Finding | undefined>;

const status = <S extends string>(word: S) => z.object({ status: z.literal(word) });
const reasons = z.array(z.string());

/**
 * `/livez`: the process runs, no dependency asked. `/readyz`: requests can be served now, and what is to be had
 * only in part; 503 with what is missing otherwise. `/healthz`: the answer that monitors of old expect.
 */
export function health(checks: Check[]): AnyEndpoint[] {
  let before = '';
  const logChange = ({ request }: ResponseToolkit, now: string) => {
    if (now !== before) request.server.app.log[now === 'ready' ? 'info' : 'warn'](now);
    before = now;
  };
  return [
    endpoint({
      method: 'GET',
      path: '/livez',
      service: 'operations',
      summary: 'Whether the process runs',
      responses: { 200: { description: 'It runs', schema: status('alive') } },
      handle: () => ({ status: 'alive' }),
    }),
    endpoint({
      method: 'GET',
      path: '/healthz',
      service: 'operations',
      summary: 'The same, in the words of older monitors',
      responses: { 200: { description: 'It runs', schema: status('Up and running!') } },
      handle: () => ({ status: 'Up and running!' }),
    }),
    endpoint({
      method: 'GET',
      path: '/readyz',
      service: 'operations',
      summary: 'Whether requests can be served now',
      responses: {
        200: {
          description: 'They can; degraded lists what is served only in part',
          schema: status('ready').extend({ degraded: reasons.optional() }),
        },
        503: {
          description: 'They cannot: what is missing, or the process is about to stop',
          schema: z.object({ status: z.enum(['not ready', 'draining']), missing: reasons }),
        },
      },
      async handle({ request, h }) {
        const { missing, degraded } = request.server.app.draining ? draining : await runChecks(checks);
        logChange(h, [...missing, ...degraded].join('; ') || 'ready');
        if (missing.length === 0) return { status: 'ready', ...(degraded.length > 0 ? { degraded } : {}) };
        return h
          .response({ status: request.server.app.draining ? 'draining' : 'not ready', missing })
          .code(503);
      },
    }),
  ];
}

const draining = { missing: ['draining: the process is about to stop'], degraded: [] };

async function runChecks(checks: Check[]) {
  const found = (await Promise.all(checks.map((check) => check()))).filter(
    (finding) => finding !== undefined,
  );
  const messages = (required: boolean) =>
    found.filter((finding) => finding.required === required).map(({ message }) => message);
  return { missing: messages(true), degraded: messages(false) };
}
