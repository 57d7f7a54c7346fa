import { readFileSync } from 'node:fs';
import { openMirror } from './mirror.ts';

// A mirror that outlives the command which started it: `node serve.ts STATE ADDRESS PORT FOLDER…`. It ends on a signal,
// and when STATE no longer names its process, so that it does not outlive the lab's folder.

const [state = '', listen = '', port = '', ...folders] = process.argv.slice(2);
const { close } = await openMirror(folders, Number(port), { listen, seen: listen });

async function end(): Promise<void> {
  await close();
  process.exit(0);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end);
setInterval(() => {
  if (!isNamed()) void end();
}, 10_000);

function isNamed(): boolean {
  try {
    return (JSON.parse(readFileSync(state, 'utf8')) as { pid?: number }).pid === process.pid;
  } catch {
    return false;
  }
}
