import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { layerOf, writeArchive } from './archive.ts';
import { endMirror, lastingMirror, mirrorProcess } from './lasting.ts';
import { tar } from './tar.ts';

const lab = 'test';

/** A lab of its own whose mirror has one small image; how often its machines were asked is counted. */
async function newLab(t: Test, why: string | undefined) {
  const folder = t.testdir({ archive: {}, lab: { [lab]: {} } });
  process.env.THEAPP_LAB = join(folder, 'lab');
  writeFileSync(join(folder, 'layer'), tar([{ path: 'a', content: 'a' }]));
  const file = join(folder, 'images.tar.gz');
  const images = [{ name: 'one:1', layers: [await layerOf(join(folder, 'layer'))], config: {} }];
  await writeArchive(images, 'amd64', join(folder, 'archive'), file);
  let asked = 0;
  const start = () =>
    lastingMirror({
      lab,
      place: { listen: '127.0.0.1', seen: '127.0.0.1' },
      yes: true,
      unreached: async () => {
        asked++;
        return why;
      },
      progress: () => undefined,
      archive: async () => file,
    });
  t.teardown(() => endMirror(lab));
  return { start, asked: () => asked, folder: join(folder, 'lab', lab) };
}

const answers = async (url: string | undefined) =>
  (await fetch(`${url}/v2/library/one/manifests/1`).catch(() => undefined))?.ok ?? false;

async function gone(url: string | undefined): Promise<boolean> {
  for (let tries = 0; tries < 300; tries++) {
    if (!(await answers(url))) return true;
    await sleep(50);
  }
  return false;
}

t.test('a mirror outlives the command, keeps its address, and ends when it is told to', async (t) => {
  const { start, asked } = await newLab(t, 'no route');
  const url = await start();
  t.ok(await answers(url));
  const first = mirrorProcess(lab);
  t.match(first, { pid: Number, url });
  t.not(first?.pid, process.pid, 'it is a process of its own');
  t.equal(await start(), url, 'the next command finds it');
  t.equal(mirrorProcess(lab)?.pid, first?.pid);
  process.kill(first?.pid ?? 0, 'SIGKILL');
  t.ok(await gone(url));
  t.equal(await start(), url, 'after a reboot it is at the address that the machines know');
  t.ok(await answers(url));
  t.equal(asked(), 1, 'the machines are asked once');
  endMirror(lab);
  t.ok(await gone(url));
  t.equal(mirrorProcess(lab), undefined);
});

t.test('machines that reach a registry have none, and are not asked again', async (t) => {
  const { start, asked } = await newLab(t, undefined);
  t.equal(await start(), undefined);
  t.equal(await start(), undefined);
  t.equal(asked(), 1);
});

t.test('it ends by itself once its lab is gone', async (t) => {
  const { start, folder } = await newLab(t, 'no route');
  const url = await start();
  t.ok(existsSync(join(folder, 'mirror.json')));
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  t.ok(await gone(url));
});
