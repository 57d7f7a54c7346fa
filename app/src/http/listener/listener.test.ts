import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import t from 'tap';
import { createListener } from './listener.ts';

/** The body that a client receives from the handler `write`. */
async function sent(write: (answer: ServerResponse) => unknown, method = 'GET'): Promise<string> {
  const listener = createListener().on('request', (_request, answer) => write(answer));
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const { port } = listener.address() as AddressInfo;
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`, { method, signal: AbortSignal.timeout(5000) });
    return await response.text();
  } finally {
    listener.close();
    listener.closeAllConnections();
  }
}

t.test('a body arrives complete, however it is written', async (t) => {
  const announced = (answer: ServerResponse, length: number) => {
    answer.setHeader('content-length', length);
    answer.writeHead(200);
  };
  const ways: [string, (answer: ServerResponse) => unknown][] = [
    [
      'as hapi does',
      (answer) => {
        announced(answer, 6);
        answer.write('añil!', 'utf8');
        answer.end();
      },
    ],
    [
      'as bytes',
      (answer) => {
        announced(answer, 6);
        answer.write(Buffer.from('añil!'));
        answer.end();
      },
    ],
    [
      'in two parts, the second with the end',
      (answer) => {
        announced(answer, 6);
        answer.write('añ');
        answer.end('il!');
      },
    ],
    ['without a length', (answer) => answer.write('añil!', () => answer.end())],
    [
      'in another encoding, with a callback',
      (answer) => {
        announced(answer, 6);
        answer.write('YcOxaWwh', 'base64', () => answer.end());
      },
    ],
    [
      'from a stream',
      (answer) => {
        announced(answer, 6);
        Readable.from([Buffer.from('añil!')]).pipe(answer);
      },
    ],
    [
      'in one piece, with an empty end',
      (answer) => {
        announced(answer, 6);
        answer.write('añil!');
        answer.end('');
      },
    ],
    [
      'by end alone',
      (answer) => {
        announced(answer, 6);
        answer.end('añil!');
      },
    ],
  ];
  for (const [name, write] of ways) t.equal(await sent(write), 'añil!', name);
});

t.test('calls back when the response has ended', async (t) => {
  let told = false;
  const body = await sent(async (answer) => {
    answer.setHeader('content-length', 2);
    answer.write('ok');
    answer.end(() => {
      told = true;
    });
    await finished(answer);
  });
  t.strictSame([body, told], ['ok', true]);
});

t.test('a response without a body', async (t) => {
  const write = (answer: ServerResponse) => {
    answer.setHeader('content-length', 5);
    answer.end();
  };
  t.equal(await sent(write, 'HEAD'), '');
});
