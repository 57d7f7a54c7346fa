import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { batchWrites } from './batchWrites.ts';

t.test('writes of one turn are sent as one batch, in order; the next turn is not delayed', async (t) => {
  const sent: string[] = [];
  const socket = new Writable({
    write(chunk, _encoding, done) {
      sent.push(String(chunk));
      done();
    },
    writev(chunks, done) {
      sent.push(chunks.map(({ chunk }) => String(chunk)).join(''));
      done();
    },
  });
  const write = (text: string) => {
    batchWrites(socket);
    socket.write(text);
  };
  for (const text of ['a', 'b', 'c']) write(text);
  t.strictSame(sent, [], 'nothing is sent before the turn ends');
  await turn();
  t.strictSame(sent, ['abc']);
  write('d');
  await turn();
  t.strictSame([sent, socket.writableCorked], [['abc', 'd'], 0]);
});
