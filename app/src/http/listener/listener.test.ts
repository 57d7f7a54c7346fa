import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import t from 'tap';
import { createListener } from './listener.ts';

/** The body that a client receives from the handler `write`. */
async function sent(write: (response: ServerResponse) => unknown, method = 'GET'): Promise<string> {
  const listener = createListener().on('request', (_request, response) => write(response));
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const { port } = listener.address() as AddressInfo;
  try {
    const received = await fetch(`http://127.0.0.1:${port}/`, { method, signal: AbortSignal.timeout(5000) });
    return await received.text();
  } finally {
    listener.close();
    listener.closeAllConnections();
  }
}

t.test('a body arrives complete, however it is written', async (t) => {
  const announced = (response: ServerResponse, length: number) => {
    response.setHeader('content-length', length);
    response.writeHead(200);
  };
  const ways: [string, (response: ServerResponse) => unknown][] = [
    [
      'as hapi does',
      (response) => {
        announced(response, 6);
        response.write('añil!', 'utf8');
        response.end();
      },
    ],
    [
      'as bytes',
      (response) => {
        announced(response, 6);
        response.write(Buffer.from('añil!'));
        response.end();
      },
    ],
    [
      'in two parts, the second with the end',
      (response) => {
        announced(response, 6);
        response.write('añ');
        response.end('il!');
      },
    ],
    ['without a length', (response) => response.write('añil!', () => response.end())],
    [
      'in another encoding, with a callback',
      (response) => {
        announced(response, 6);
        response.write('YcOxaWwh', 'base64', () => response.end());
      },
    ],
    [
      'from a stream',
      (response) => {
        announced(response, 6);
        Readable.from([Buffer.from('añil!')]).pipe(response);
      },
    ],
    [
      'in one piece, with an empty end',
      (response) => {
        announced(response, 6);
        response.write('añil!');
        response.end('');
      },
    ],
    [
      'by end alone',
      (response) => {
        announced(response, 6);
        response.end('añil!');
      },
    ],
  ];
  for (const [name, write] of ways) t.equal(await sent(write), 'añil!', name);
});

t.test('calls back when the response has ended', async (t) => {
  let told = false;
  const body = await sent(async (response) => {
    response.setHeader('content-length', 2);
    response.write('ok');
    response.end(() => {
      told = true;
    });
    await finished(response);
  });
  t.strictSame([body, told], ['ok', true]);
});

t.test('a response without a body', async (t) => {
  const write = (response: ServerResponse) => {
    response.setHeader('content-length', 5);
    response.end();
  };
  t.equal(await sent(write, 'HEAD'), '');
});
