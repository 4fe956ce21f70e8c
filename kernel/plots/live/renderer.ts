/** Who turns frames into pictures: this thread, or a worker beside it. */
import type { ChartModel } from '../model/chart.js';
import { render, type FrameResult } from '../render/raster.js';

export type Ticket = number;

export interface FrameRenderer {
  /** Frames will be asked for soon. */
  prepare?(): void;
  /** Begins a frame. The result is asked for with `poll`. */
  begin(chart: ChartModel): Ticket;
  /** The picture, or null while it is being drawn. A ticket answers once. */
  poll(ticket: Ticket): FrameResult | null;
  /** Nobody will ask for this frame. */
  cancel(ticket: Ticket): void;
  /** Begins the picture that is kept. It is asked for with `poll`, or waited for with `wait`. */
  beginFinal(chart: ChartModel): Ticket;
  /** The picture of a ticket, as soon as it is there. The ticket answers once. */
  wait(ticket: Ticket): FrameResult;
  /**
   * What share of a frame's time on another thread the one that trains loses, because there are not enough processors for both; 0 where
   * missing.
   */
  contention?(): number;
}

/** Draws on the calling thread, inside `begin`. */
export class InProcessRenderer implements FrameRenderer {
  private readonly results = new Map<Ticket, FrameResult>();
  private next = 0;

  begin(chart: ChartModel): Ticket {
    return this.keep(render(chart, 'live'));
  }

  beginFinal(chart: ChartModel): Ticket {
    return this.keep(render(chart, 'final'));
  }

  poll(ticket: Ticket): FrameResult | null {
    return this.wait(ticket);
  }

  wait(ticket: Ticket): FrameResult {
    const result = this.results.get(ticket) ?? { error: 'this frame was not begun' };
    this.results.delete(ticket);
    return result;
  }

  cancel(ticket: Ticket): void {
    this.results.delete(ticket);
  }

  private keep(result: FrameResult): Ticket {
    this.results.set(++this.next, result);
    return this.next;
  }
}
