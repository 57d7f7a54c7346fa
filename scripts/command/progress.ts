/** Progress lines by topic: rewritten in place on a terminal, otherwise printed at intervals. */
export interface Progress {
  show(topic: string, line: string): void;
  /** Ends the current line, so that the next output starts on a new one. */
  end(): void;
}

/** The part of `process.stderr` that is needed. */
interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Without a terminal, a line in which only a number changes (`…: 12 s`) is printed every ten seconds. */
export function progressLines(stream: Terminal): Progress {
  if (!stream.isTTY) return plain((line) => stream.write(`${line}\n`));
  let open = '';
  return {
    show(topic, line) {
      if (open && open !== topic) stream.write('\n');
      stream.write(`\r\u001b[K${`${topic}: ${line}`.slice(0, (stream.columns ?? 80) - 1)}`);
      open = topic;
    },
    end() {
      if (open) stream.write('\n');
      open = '';
    },
  };
}

export function plain(write: (line: string) => void, now: () => number = Date.now): Progress {
  const shown = new Map<string, { words: string; at: number }>();
  return {
    show(topic, line) {
      const words = line.replace(/\d+/g, '#');
      const last = shown.get(topic);
      if (last && last.words === words && now() - last.at < 10_000) return;
      shown.set(topic, { words, at: now() });
      write(`${topic}: ${line}`);
    },
    end() {},
  };
}
