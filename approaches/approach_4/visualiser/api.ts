import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { join } from 'node:path';

/** The API server, and the folder with the token and the certificate authority that Kubernetes gives a pod. */
export interface Access {
  readonly host: string;
  readonly port: string;
  readonly folder: string;
}

/** Milliseconds that one read may take. */
const DEADLINE = 5000;

/**
 * The objects in the lists at these paths of the API. The lists come over one connection, which is closed afterwards: a
 * later read may need another API server, and a newer token.
 *
 * @throws Error that says what the API server answers, or why it does not
 */
export async function readLists(
  { host, port, folder }: Access,
  paths: readonly string[],
): Promise<readonly (readonly unknown[])[]> {
  const text = (name: string) => readFileSync(join(folder, name), 'utf8');
  const signal = AbortSignal.timeout(DEADLINE);
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  const headers = { authorization: `Bearer ${text('token').trim()}`, accept: 'application/json' };
  const options = { host, port, ca: text('ca.crt'), agent, signal, headers };
  const lists: (readonly unknown[])[] = [];
  try {
    for (const path of paths) lists.push(itemsOf(path, await request({ ...options, path })));
    return lists;
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const words = error instanceof Error ? error.message : String(error);
    throw new Error(
      `the API server does not answer: ${signal.aborted ? `no answer within ${DEADLINE / 1000} s` : words}`,
    );
  } finally {
    agent.destroy();
  }
}

/** The API server answers, but not with what was asked for. */
class Refusal extends Error {}

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function request(options: https.RequestOptions): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  https.get(options, resolve).on('error', reject);
  const response = await promise;
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') };
}

function itemsOf(path: string, { status, text }: Answer): readonly unknown[] {
  if (status !== 200) throw new Refusal(`the API server answers ${status} to ${path}: ${messageOf(text)}`);
  return (JSON.parse(text) as { readonly items: readonly unknown[] }).items;
}

/** The message of a Status object; otherwise the beginning of the text. */
function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { readonly message?: string }).message ?? text.slice(0, 200);
  } catch {
    return text.slice(0, 200);
  }
}
