// Who waits for a prediction is woken by the reaction that records it, when both run in this process; otherwise, or when the
// wake-up is lost, a look once a second finds it. A prediction is expected before its job is recorded: an answer may come first.
export class PredictionWaiters {
  private readonly expected = new Map<string, { told: boolean; wake: (() => void) | null }>();

  /** Until `forget`. */
  expect(predictionId: string): void {
    this.expected.set(predictionId, { told: false, wake: null });
  }

  forget(predictionId: string): void {
    this.expected.delete(predictionId);
  }

  /** Resolves when the prediction is told, at once if it was since the last wait, or after the time. One waits for each. */
  wait(predictionId: string, timeoutMs: number): Promise<void> {
    const own = this.expected.get(predictionId) ?? { told: false, wake: null };
    this.expected.set(predictionId, own);
    if (own.told) {
      own.told = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        own.wake = null;
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      own.wake = done;
    });
  }

  isAwaited(predictionId: string): boolean {
    return this.expected.has(predictionId);
  }

  tell(predictionId: string): void {
    const own = this.expected.get(predictionId);
    if (own === undefined) return;
    if (own.wake === null) own.told = true;
    else own.wake();
  }
}
