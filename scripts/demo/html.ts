import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Handlebars from 'handlebars';
import { castOf } from './cast.ts';
import { chaptersOf, linesOf } from './chapters.ts';
import type { Recording } from './recording.ts';

/** A page with a player, chapters, speed and search. The page is self-contained and loads nothing. */
export function pageOf(recording: Recording, title: string): string {
  const template = readFileSync(join(import.meta.dirname, 'page.hbs'), 'utf8');
  const data = {
    cast: castOf(recording, title),
    chapters: chaptersOf(recording.moments),
    lines: linesOf(recording.moments),
  };
  return Handlebars.compile(template, { strict: true })({
    title,
    about: Object.entries(recording.about).map(([name, value]) => ({ name, value })),
    // Nothing in a script element may look like its end tag.
    data: new Handlebars.SafeString(JSON.stringify(data).replaceAll('<', '\\u003c')),
    style: new Handlebars.SafeString(bundled('asciinema-player.css')),
    player: new Handlebars.SafeString(bundled('asciinema-player.min.js')),
  });
}

const bundled = (name: string) =>
  readFileSync(fileURLToPath(import.meta.resolve(`asciinema-player/dist/bundle/${name}`)), 'utf8');
