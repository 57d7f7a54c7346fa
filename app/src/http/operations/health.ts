import type { ResponseToolkit } from '@hapi/hapi';
import { z } from 'zod';
import { type AnyEndpoint, endpoint } from '../endpoint.ts';

/** A problem with a dependency, in words that are safe to publish. */
export interface Finding {
  message: string;
  /** True if TheAPP cannot serve without the dependency; otherwise it is degraded. */
  required: boolean;
}

/** Checks one dependency; undefined means that it works. */
export type Check = () => Promise<Finding | undefined>;

const status = <S extends string>(word: S) => z.object({ status: z.literal(word) });
const reasons = z.array(z.string());

/**
 * `/livez`: the process is running; checks no dependency. `/readyz`: whether requests can be served, and what is
 * degraded; 503 with what is missing if they cannot. `/healthz`: the response that older monitors expect.
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
      summary: 'Liveness: the process is running',
      responses: { 200: { description: 'The process is running', schema: status('alive') } },
      handle: () => ({ status: 'alive' }),
    }),
    endpoint({
      method: 'GET',
      path: '/healthz',
      service: 'operations',
      summary: 'Liveness, in the format that older monitors expect',
      responses: { 200: { description: 'The process is running', schema: status('Up and running!') } },
      handle: () => ({ status: 'Up and running!' }),
    }),
    endpoint({
      method: 'GET',
      path: '/readyz',
      service: 'operations',
      summary: 'Readiness: whether requests can be served',
      responses: {
        200: {
          description: 'Ready; degraded lists what is unavailable',
          schema: status('ready').extend({ degraded: reasons.optional() }),
        },
        503: {
          description: 'Not ready: missing lists the reasons, or the process is draining',
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
