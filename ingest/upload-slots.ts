/** Uploads that a process takes at a time: each needs memory, and room on the disk. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ProblemError } from '../core/errors.ts';

interface Slot {
  isWorking: boolean;
  release(): void;
}

export class UploadSlots {
  readonly #max: number;
  readonly #slots = new WeakMap<IncomingMessage, Slot>();
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Before the body. Throws `too_many_uploads`. Given back when the answer is over, unless `during` has begun until then. */
  take(request: IncomingMessage, response: ServerResponse): void {
    if (this.#taken >= this.#max)
      throw new ProblemError(
        'too_many_uploads',
        `${this.#max} uploads are arriving here, which is the most (TALLYLINE_UPLOADS_MAX). Nothing was taken; send it again in a moment.`,
      );
    this.#taken += 1;
    let isTaken = true;
    const slot: Slot = {
      isWorking: false,
      release: () => {
        if (isTaken) this.#taken -= 1;
        isTaken = false;
      },
    };
    this.#slots.set(request, slot);
    response.once('close', () => {
      if (!slot.isWorking) slot.release();
    });
  }

  /** Work with the body. It keeps its place until it is through, even if its sender has gone meanwhile. */
  async during<T>(request: IncomingMessage, work: () => Promise<T>): Promise<T> {
    const slot = this.#slots.get(request);
    if (slot === undefined) throw new Error('an upload has to take its place before its body');
    slot.isWorking = true;
    try {
      return await work();
    } finally {
      slot.release();
    }
  }
}
