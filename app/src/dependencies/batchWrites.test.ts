import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { batchWrites } from './batchWrites.ts';

t.test('what one turn writes leaves once, in its order, and the next turn waits for nobody', async (t) => {
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
  t.strictSame(sent, [], 'not before the turn is over');
  await turn();
  t.strictSame(sent, ['abc']);
  write('d');
  await turn();
  t.strictSame([sent, socket.writableCorked], [['abc', 'd'], 0]);
});
