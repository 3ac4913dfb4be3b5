/** Files that were dropped or chosen, on their way to the page that looks at them, one after another. */
import type { Mapping } from '../types.ts';
import type { Reading } from './dialect.ts';

/** How a file of the queue was read, for the next one that has its columns. */
export interface ReadBefore {
  name: string;
  header: readonly string[];
  reading: Reading;
  mapping: Mapping;
}

export interface SentFile {
  importId: string;
  name: string;
}

class FileQueue {
  /** To be looked at now. Whoever does takes it. */
  next = $state.raw<File>();
  /** Behind it. */
  waiting = $state.raw<readonly File[]>([]);
  sent = $state.raw<readonly SentFile[]>([]);
  before = $state.raw<ReadBefore>();

  /** The first of them is looked at now, in the place of the one that is. False: there is none. */
  take(files: Iterable<File>): boolean {
    const [first, ...rest] = files;
    if (first === undefined) return false;
    if (this.waiting.length === 0) this.sent = [];
    this.next = first;
    this.waiting = [...rest, ...this.waiting];
    return true;
  }

  /** The file is on its way. True: there is another to look at. */
  done(sent: SentFile, before: ReadBefore | undefined): boolean {
    this.sent = [...this.sent, sent];
    this.before = before;
    return this.skip();
  }

  /** On to the next one. */
  skip(): boolean {
    const [first, ...rest] = this.waiting;
    if (first === undefined) return false;
    this.next = first;
    this.waiting = rest;
    return true;
  }

  clear(): void {
    this.waiting = [];
  }
}

export const queue = new FileQueue();
