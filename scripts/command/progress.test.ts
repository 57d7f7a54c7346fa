import t from 'tap';
import { plain, progressLines } from './progress.ts';

t.test('without a terminal, lines in which only a number changes are not repeated', async (t) => {
  const written: string[] = [];
  let now = 0;
  const { show } = plain(
    (line) => written.push(line),
    () => now,
  );
  const lines: [at: number, topic: string, line: string][] = [
    [0, 'vm', 'waiting: 0 s'],
    [1000, 'vm', 'waiting: 1 s'],
    [2000, 'image', 'building: 2 s'],
    [3000, 'vm', 'waiting: 3 s'],
    [10_000, 'vm', 'waiting: 10 s'],
    [11_000, 'vm', 'is up'],
  ];
  for (const [at, topic, line] of lines) {
    now = at;
    show(topic, line);
  }
  t.strictSame(written, ['vm: waiting: 0 s', 'image: building: 2 s', 'vm: waiting: 10 s', 'vm: is up']);
});

t.test('without a terminal, complete lines are written', async (t) => {
  const written: string[] = [];
  const stream = { isTTY: false, write: (text: string) => written.push(text) };
  const progress = progressLines(stream);
  progress.show('vm', 'waiting: 1 s');
  progress.end();
  t.strictSame(written, ['vm: waiting: 1 s\n']);
});

t.test('on a terminal, a line replaces the one before of the same topic', async (t) => {
  const written: string[] = [];
  const progress = progressLines({ isTTY: true, columns: 20, write: (text: string) => written.push(text) });
  progress.show('vm', 'waiting: 1 s');
  progress.show('vm', 'a line too long for it');
  progress.show('image', 'x');
  progress.end();
  const clear = '\r\u001b[K';
  t.equal(written.join(''), `${clear}vm: waiting: 1 s${clear}vm: a line too long\n${clear}image: x\n`);
});
